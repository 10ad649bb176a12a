import { addressUse } from "../transport/address-policy.js";
import type { UdpTarget } from "../udp/peer.js";
import type { NtsKeys } from "./capability.js";

/**
 * Whom to ask for the time. The key server may name a host (RFC 8915, section 4.1.7), and its name is a stranger's word: it may lead to this
 * machine, its neighbours or a cloud's metadata service. Besides public addresses it may lead to those of the kind that the key server itself was
 * reached at. The host of the input may be anywhere, but does not move from a public address to another kind: a second look-up may
 * have another answer.
 */
export function timeServer({ server, port, reached }: Pick<NtsKeys, "server" | "port" | "reached">, { host, port: usual }: Target): TimeServer {
  const isNamed = server !== null && server.toLowerCase() !== host.toLowerCase();
  return { host: server ?? host, port: port ?? usual, refuse: (address) => (reached === null ? null : refusalOf(address, reached, isNamed)) };
}

type Target = Pick<UdpTarget, "host" | "port">;
type TimeServer = Target & Required<Pick<UdpTarget, "refuse">>;

function refusalOf(address: string, reached: string, isNamed: boolean): string | null {
  const { scope, standard } = addressUse(address);
  const { scope: own } = addressUse(reached);
  if (scope === "global" || scope === own || (!isNamed && own !== "global")) return null;
  return `keys were established with ${reached}, which leads to ${address} for the time: not a public address (${scope}, ${standard})`;
}
