import { createHash } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Certificate } from "../../runner/net/transport/listen.js";

export interface WebSocketRelay {
  readonly port: number;
  /** The paths and subprotocols that were asked for. */
  readonly asked: { path: string; protocol: string | undefined }[];
  close(): Promise<void>;
}

/**
 * A WebSocket in front of a server's TCP port, written without our own code: RFC 6455 with unfragmented frames. `piece` cuts what the server says
 * into frames of this many bytes, since their boundaries mean nothing to the protocol inside. With a certificate it is served inside TLS.
 */
export async function startWebSocketRelay(
  port: number,
  { protocol = "mqtt", piece = 65_535, certificate }: { protocol?: string; piece?: number; certificate?: Certificate } = {},
): Promise<WebSocketRelay> {
  const asked: WebSocketRelay["asked"] = [];
  const sockets = new Set<Socket>();
  const refuse: RequestListener = (_, response) => response.writeHead(404).end();
  const server = certificate === undefined ? createServer(refuse) : createTlsServer({ cert: certificate.certificate, key: certificate.key }, refuse);
  server.on("connection", (socket) => sockets.add(socket));
  server.on("upgrade", ({ url = "", headers }, stream) => {
    const socket = stream as Socket;
    asked.push({ path: url, protocol: headers["sec-websocket-protocol"] });
    const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    );
    relay(socket, connect(port, "127.0.0.1"), piece);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function relay(client: Socket, server: Socket, piece: number): void {
  let pending = Buffer.alloc(0);
  for (const socket of [client, server]) socket.on("error", () => socket.destroy());
  client.on("data", (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    for (let frame = frameOf(pending); frame !== null; frame = frameOf(pending)) {
      pending = pending.subarray(frame.end);
      if (frame.opcode === 8) server.end();
      else server.write(frame.payload);
    }
  });
  server.on("data", (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += piece) {
      const part = bytes.subarray(at, at + piece);
      const head = part.length < 126 ? [0x82, part.length] : [0x82, 126, part.length >> 8, part.length & 0xff];
      client.write(Buffer.concat([Buffer.from(head), part]));
    }
  });
  client.on("close", () => server.destroy());
  server.on("close", () => client.end(Buffer.from([0x88, 0x02, 0x03, 0xe8])));
}

/** A frame of a client: masked, and shorter than 65,536 bytes. */
function frameOf(bytes: Buffer): { opcode: number; payload: Buffer; end: number } | null {
  if (bytes.length < 2) return null;
  const short = (bytes[1] as number) & 0x7f;
  const start = short === 126 ? 4 : 2;
  if (bytes.length < start + 4) return null;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  const end = start + 4 + length;
  if (bytes.length < end) return null;
  const key = bytes.subarray(start, start + 4);
  const payload = Buffer.from(bytes.subarray(start + 4, end).map((byte, index) => byte ^ (key[index % 4] as number)));
  return { opcode: (bytes[0] as number) & 0x0f, payload, end };
}
