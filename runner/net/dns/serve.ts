import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { type AcceptedSocket, type Listener, listen } from "../transport/listen.js";
import { framed } from "./tcp-framing.js";

export type Transport = "udp" | "tcp" | "https";

/** Handles one message. It may send any number of replies, which go to the sender of the message. */
export type Handler = (message: Buffer, transport: Transport, send: (reply: Buffer) => void) => void;

export interface DnsListener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Another program may hold the UDP port with the number of the free TCP port. */
const ATTEMPTS = 10;

/** Takes DNS messages by UDP and by TCP on one port. Port 0 is one that is free for both. */
export async function serveDns(handle: Handler, { host = "127.0.0.1", port = 0 }: { host?: string; port?: number } = {}): Promise<DnsListener> {
  for (let attempt = 1; ; attempt++) {
    const tcp = await listen((socket) => serveConnection(socket, handle), { host, port });
    try {
      return listenerOf(tcp, await bound(host, tcp.port, handle));
    } catch (error) {
      await tcp.close();
      if (port !== 0 || attempt === ATTEMPTS) throw error;
    }
  }
}

function listenerOf(tcp: Listener, udp: UdpSocket): DnsListener {
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await Promise.all([tcp.close(), new Promise<void>((resolve) => udp.close(resolve))]);
  };
  return {
    host: tcp.host,
    port: tcp.port,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

async function bound(host: string, port: number, handle: Handler): Promise<UdpSocket> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("message", (message, from) => {
    // A client may have gone before its answer comes: other clients are not affected.
    handle(message, "udp", (reply) => socket.send(reply, from.port, from.address, () => {}));
  });
  socket.bind(port, host);
  await once(socket, "listening");
  socket.on("error", () => {});
  return socket;
}

function serveConnection(socket: AcceptedSocket, handle: Handler): void {
  let received = Buffer.alloc(0);
  socket.on("end", () => socket.end());
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const message = received.subarray(2, 2 + received.readUInt16BE(0));
      received = received.subarray(2 + message.length);
      handle(message, "tcp", (reply) => socket.write(framed(reply)));
    }
  });
}
