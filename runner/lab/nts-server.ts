import { randomBytes } from "node:crypto";
import { sealSiv } from "../net/nts/aes-siv.js";
import { type AcceptedSocket, type Certificate, listen, serveTls } from "../net/transport/listen.js";
import { listenUdp } from "../net/udp/listen.js";
import { type NtpServerSettings, replyTo } from "./ntp-server.js";
import { selfSigned } from "./self-signed.js";

export interface NtsServerSettings extends NtpServerSettings {
  /** The UDP port; `port` is that of key establishment. */
  readonly timePort?: number;
  readonly certificate?: Certificate;
  readonly alpn?: readonly string[];
  /** The records that it answers with, in place of the usual ones. */
  readonly records?: (cookies: readonly Buffer[]) => Buffer;
  /** Changes a reply before it is sent; null: it is not. */
  readonly change?: (reply: Buffer) => Buffer | null;
}

export interface NtsServer {
  readonly host: string;
  readonly port: number;
  readonly timePort: number;
  readonly certificate: string;
  readonly openSockets: number;
  close(): Promise<void>;
}

interface Keys {
  readonly clientToServer: Buffer;
  readonly serverToClient: Buffer;
}

const COOKIE_BYTES = 64;

/** Key establishment over TLS, and authenticated time (RFC 8915). A cookie is a random number that stands for the keys here. */
export async function startNtsServer(settings: NtsServerSettings = {}): Promise<NtsServer> {
  const certificate = settings.certificate ?? selfSigned({ names: ["localhost", "127.0.0.1", "::1"] });
  const known = new Map<string, Keys>();
  const newCookie = (keys: Keys): Buffer => {
    const cookie = randomBytes(COOKIE_BYTES);
    known.set(cookie.toString("hex"), keys);
    return cookie;
  };
  const time = await listenUdp(
    (request, send) => {
      const reply = answer(request, known, newCookie, settings);
      const changed = reply === null || settings.change === undefined ? reply : settings.change(reply);
      if (changed !== null) send(changed);
    },
    { port: settings.timePort ?? 0 },
  );
  const listener = await listen((socket) => establish(socket, certificate, settings, time.port, newCookie), { port: settings.port ?? 0 });
  return {
    host: listener.host,
    port: listener.port,
    timePort: time.port,
    certificate: certificate.certificate,
    get openSockets() {
      return listener.openSockets;
    },
    close: async () => void (await Promise.all([listener.close(), time.close()])),
  };
}

function establish(plain: AcceptedSocket, certificate: Certificate, settings: NtsServerSettings, timePort: number, newCookie: (keys: Keys) => Buffer): void {
  const socket = serveTls(plain, certificate, { alpn: settings.alpn ?? ["ntske/1"] });
  socket.once("data", () => {
    const key = (direction: number): Buffer => socket.exportKeyingMaterial(32, "EXPORTER-network-time-security", Buffer.from([0, 0, 0, 15, direction]));
    const keys = { clientToServer: key(0), serverToClient: key(1) };
    const cookies = Array.from({ length: 8 }, () => newCookie(keys));
    socket.end(settings.records?.(cookies) ?? usualRecords(cookies, timePort));
  });
}

function usualRecords(cookies: readonly Buffer[], timePort: number): Buffer {
  const port = Buffer.from([timePort >> 8, timePort & 255]);
  return Buffer.concat([record(0x8001, [0, 0]), record(0x8004, [0, 15]), ...cookies.map((cookie) => record(5, cookie)), record(7, port), record(0x8000, [])]);
}

/** A record of key establishment (RFC 8915, section 4). */
export function record(type: number, body: Buffer | readonly number[]): Buffer {
  return Buffer.concat([Buffer.from([type >> 8, type & 255, body.length >> 8, body.length & 255]), Buffer.from(body as Buffer)]);
}

/** An extension field (RFC 7822), whose body has a multiple of four bytes. */
function extension(type: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + body.length);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(bytes.length, 2);
  body.copy(bytes, 4);
  return bytes;
}

/** The fields of our own client: the identifier, one cookie, the authenticator. */
function answer(request: Buffer, known: ReadonlyMap<string, Keys>, newCookie: (keys: Keys) => Buffer, settings: NtsServerSettings): Buffer | null {
  if (request.length < 48 + 36 + 4 + COOKIE_BYTES) return null;
  const identifier = request.subarray(52, 84);
  const cookie = request.subarray(88, 88 + COOKIE_BYTES);
  const keys = known.get(cookie.toString("hex"));
  if (keys === undefined) return Buffer.concat([replyTo(request, { ...settings, stratum: 0, referenceId: "NTSN" }), extension(0x0104, identifier)]);
  const open = Buffer.concat([replyTo(request, settings), extension(0x0104, identifier)]);
  const nonce = randomBytes(16);
  const sealed = sealSiv(keys.serverToClient, [open, nonce], extension(0x0204, newCookie(keys)));
  return Buffer.concat([open, extension(0x0404, Buffer.concat([Buffer.from([0, 16, sealed.length >> 8, sealed.length & 255]), nonce, sealed]))]);
}
