import type { WireRun } from "../../run/run-state.js";
import type { NamedTarget } from "../transport/target-addresses.js";
import { type IcmpPingOptions, pingByIcmp } from "./by-icmp.js";
import { pingByTcp, type TcpPingOptions } from "./by-tcp.js";
import type { PingFacts } from "./packet.js";

export interface PingGrant {
  /** Echo requests by the system's ping, which has the privilege and takes its times in the kernel. */
  byIcmp(target: NamedTarget, options: IcmpPingOptions, facts: PingFacts): Promise<void>;
  /** Connections to a port, without any privilege. */
  byTcp(target: NamedTarget, options: TcpPingOptions, facts: PingFacts): Promise<void>;
  /** The same, for pings that the probe times together: none is an operation of its own. */
  readonly untimed: PingGrant;
}

export function pingGrant(run: WireRun): PingGrant {
  return {
    byIcmp: (target, options, facts) => pingByIcmp(run, target, options, facts),
    byTcp: (target, options, facts) => pingByTcp(run, target, options, facts),
    get untimed() {
      const { deadline, secrets, targets, recorder } = run;
      return pingGrant({ deadline, secrets, targets, recorder: recorder.untimed() });
    },
  };
}
