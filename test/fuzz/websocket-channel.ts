import { isDeepStrictEqual } from "node:util";
import type { Break, Connection } from "../../runner/net/transport/connection.js";
import { WebSocketChannel } from "../../runner/net/websocket/channel.js";

/** What the protocol inside a WebSocket is given. */
interface Received {
  text: string;
  broken: Break | null;
}

/** Frames of a server, whole and cut: the protocol inside must be given the same, and nothing after its end. */
export function readThroughWebSocket(portions: readonly string[]): void {
  const whole = receivedOf([portions.join("")]);
  const cut = receivedOf(portions);
  if (!isDeepStrictEqual(whole, cut)) throw new Error(`whole: ${JSON.stringify(whole)}; in portions: ${JSON.stringify(cut)}`);
  if (whole.text.length > portions.join("").length) throw new Error("more bytes inside than the frames had");
}

function receivedOf(portions: readonly string[]): Received {
  const channel = new WebSocketChannel(CARRIER, "");
  const received: Received = { text: "", broken: null };
  channel.readBy({
    received(text) {
      if (received.broken !== null) throw new Error("bytes after the end");
      received.text += text;
    },
    broken(reason) {
      if (received.broken !== null) throw new Error("it ended twice");
      received.broken = reason;
    },
  });
  for (const portion of portions) channel.received(portion, 0);
  return received;
}

const nothing = (): void => undefined;
/** The connection below: what the channel writes (answers to pings) goes nowhere. */
const CARRIER = { readBy: nothing, write: nothing, waitAtMost: nothing, waitNoMore: nothing, close: nothing } as unknown as Connection;
