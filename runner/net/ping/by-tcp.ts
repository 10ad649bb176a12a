import { setTimeout as sleep } from "node:timers/promises";
import type { Attempt } from "../../../schemas/network.js";
import { monotonic } from "../../run/clock.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import { tcpGrant } from "../transport/dial.js";
import type { NamedTarget } from "../transport/target-addresses.js";
import { lostPacket, type PingedPacket, type PingFacts } from "./packet.js";

export interface TcpPingOptions {
  readonly port: number;
  readonly count: number;
  readonly interval_ms: number;
  readonly wait_ms: number;
}

/** Connects again and again: a connection takes one round trip until it is accepted or refused. */
export async function pingByTcp(run: WireRun, target: NamedTarget, options: TcpPingOptions, facts: PingFacts): Promise<void> {
  const ended = new AbortController();
  const forget = run.deadline.onEnd(() => ended.abort());
  let { host } = target;
  try {
    for (let seq = 1; seq <= options.count; seq++) {
      const began = monotonic();
      const attempts: Attempt[] = [];
      const failure = await connectOnce(run, { ...target, host }, options, attempts);
      // Without an attempt nothing was sent: the name has no address.
      if (attempts.length === 0 && failure !== null) throw failure;
      const answered = attempts.find(({ outcome, error }) => outcome === "connected" || error === "ECONNREFUSED");
      // Each packet goes to the same address.
      host = answered?.ip_address ?? host;
      facts.sent = seq;
      facts.packets.push(packetOf(seq, attempts.at(-1) as Attempt, answered));
      const left = options.interval_ms - (monotonic() - began);
      if (seq < options.count && left > 0) await sleep(left, undefined, { signal: ended.signal }).catch(() => undefined);
      const { reason } = run.deadline;
      if (reason !== null) throw failureError("probe", reason, ENDED[reason]);
    }
  } finally {
    forget();
  }
}

async function connectOnce(run: WireRun, target: NamedTarget, { port, wait_ms }: TcpPingOptions, attempts: Attempt[]): Promise<FailureError | null> {
  try {
    const connection = await tcpGrant(run).connect({ ...target, port, connect_timeout_ms: wait_ms }, attempts);
    connection.close();
    return null;
  } catch (error) {
    if (error instanceof FailureError) return error;
    throw error;
  }
}

function packetOf(seq: number, last: Attempt, answered: Attempt | undefined): PingedPacket {
  const packet = { ...lostPacket(seq), at_ms: (answered ?? last).at_ms };
  if (answered !== undefined)
    return { ...packet, rtt_ms: answered.duration_ms, from: answered.ip_address, outcome: answered.outcome === "connected" ? "reply" : "refused" };
  return last.outcome === "failed" ? { ...packet, outcome: "error", message: last.error } : packet;
}
