import { setImmediate as turn } from "node:timers/promises";
import type { Peer } from "./client-connection.js";

/** How a server's bytes travel: each answer in one write, line by line, or byte by byte. */
export type Delivery = "whole" | "lines" | "bytes";

/** A client must have read one piece before the next is written, or the two arrive as one. */
const GAP_MS = 1;

export async function deliver(peer: Peer, parts: readonly Uint8Array[], delivery: Delivery): Promise<void> {
  if (delivery === "whole") return peer.write(Buffer.concat(parts));
  // A connection is accepted before its client has noticed: the first piece waits until the client reads.
  await peer.pause(GAP_MS);
  for (const piece of delivery === "lines" ? parts : bytesOf(parts)) {
    await peer.write(piece);
    // A turn of the loop is enough for a client in this process, and a thousand bytes would not bear a thousand gaps.
    if (delivery === "bytes") await turn();
    else await peer.pause(GAP_MS);
  }
}

/** Byte by byte with a pause after each, until the client goes. */
export async function sendByteByByte(peer: Peer, parts: readonly Uint8Array[], pauseMs: number): Promise<void> {
  for (const byte of bytesOf(parts)) {
    await peer.write(byte);
    await peer.pause(pauseMs);
    if (peer.gone) return;
  }
}

function bytesOf(parts: readonly Uint8Array[]): Uint8Array[] {
  return [...Buffer.concat(parts)].map((byte) => Uint8Array.of(byte));
}
