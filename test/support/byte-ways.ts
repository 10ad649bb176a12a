import { setImmediate as turn } from "node:timers/promises";
import { type AcceptedSocket, type Listener, listen } from "../../runner/net/transport/listen.js";

/** How a server's bytes are cut: an answer must be read the same in each way. */
export const WAYS = ["whole", "by lines", "by bytes"] as const;
export type Way = (typeof WAYS)[number];

/** Sends bytes (latin1) in one of the ways. */
export async function sendInWay(socket: AcceptedSocket, text: string, way: Way): Promise<void> {
  const pieces = way === "whole" ? [text] : way === "by lines" ? text.split(/(?<=\n)/) : [...text];
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece, "latin1");
    await turn();
  }
}

/** A server that answers each request head with the next of these texts, and closes after the last one if `thenClose`. */
export function scripted(answers: readonly string[], way: Way, thenClose = true): Promise<Listener> {
  let connections = 0;
  return listen((socket) => {
    const answer = answers[Math.min(connections++, answers.length - 1)] as string;
    let heard = "";
    socket.on("data", async (bytes) => {
      const before = heard.includes("\r\n\r\n");
      heard += bytes.toString("latin1");
      if (before || !heard.includes("\r\n\r\n")) return;
      await sendInWay(socket, answer, way);
      if (thenClose) socket.end();
    });
    socket.on("end", () => socket.end());
  });
}
