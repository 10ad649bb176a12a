import { listen } from "../../runner/net/transport/listen.js";

/** A free port of the loopback address. */
export async function freePort(): Promise<number> {
  const listener = await listen((socket) => socket.destroy());
  await listener.close();
  return listener.port;
}
