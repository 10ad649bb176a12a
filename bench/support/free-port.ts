import { listen } from "../../runner/net/transport/listen.js";

/** A port of the loopback that nobody serves now. */
export async function freePort(): Promise<number> {
  const listener = await listen((socket) => socket.destroy());
  await listener.close();
  return listener.port;
}
