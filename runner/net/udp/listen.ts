import { createSocket } from "node:dgram";
import { once } from "node:events";

export interface UdpListener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Takes datagrams on the loopback. Port 0 is a free one. */
export async function listenUdp(
  handle: (datagram: Buffer, send: (reply: Buffer) => void) => void,
  { host = "127.0.0.1", port = 0 }: { host?: string; port?: number } = {},
): Promise<UdpListener> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  // A client may have gone before its reply.
  socket.on("message", (datagram, from) => handle(datagram, (reply) => socket.send(reply, from.port, from.address, () => undefined)));
  socket.bind(port, host);
  await once(socket, "listening");
  socket.on("error", () => undefined);
  return { host, port: socket.address().port, close: () => new Promise((resolve) => socket.close(() => resolve())) };
}
