import { echoReply, type IpPacket, isEchoRequest, portUnreachable, TCP, tcpReset, timeExceeded, UDP } from "./ip-packet.js";
import type { Delivery, Script } from "./scripted-network.js";

/** A router by its address; null stays silent. A function decides packet by packet, as one that limits its answers or spreads the flows. */
export type Router = string | null | ((packet: IpPacket) => string | null);

/** A path of routers, and behind it the target, which answers echo requests, and reports each port as closed. */
export function scriptedPath(routers: readonly Router[], target: Script = answerOf): Script {
  return (packet) => {
    if (packet.family !== 4 || ![UDP, TCP].includes(packet.protocol) === !isEchoRequest(packet)) return [];
    if (packet.ttl > routers.length) return target(packet);
    const router = routers[packet.ttl - 1] as Router;
    const address = typeof router === "function" ? router(packet) : router;
    return address === null ? [] : [{ bytes: timeExceeded(packet, address), afterMs: packet.ttl }];
  };
}

export function answerOf(packet: IpPacket): Delivery[] {
  if (isEchoRequest(packet)) return [{ bytes: echoReply(packet), afterMs: packet.ttl }];
  return [{ bytes: packet.protocol === TCP ? tcpReset(packet) : portUnreachable(packet) }];
}

/** The ports of a UDP or TCP packet, which the routers of a real network spread flows by. */
export function flowOf({ payload }: IpPacket): { readonly sourcePort: number; readonly targetPort: number } {
  return { sourcePort: payload.readUInt16BE(0), targetPort: payload.readUInt16BE(2) };
}
