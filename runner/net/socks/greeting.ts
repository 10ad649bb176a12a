import { isIP } from "node:net";

/** What a SOCKS client asks for (RFC 1928, section 4). */
export interface SocksRequest {
  readonly host: string;
  readonly port: number;
}

/** How a request ended (RFC 1928, section 6). */
export const SOCKS_REPLY = { succeeded: 0, failed: 1, not_permitted: 2, network_unreachable: 3, host_unreachable: 4, refused: 5, command: 7 } as const;

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** How many bytes were used, and what they mean. Null: more are needed. */
export type SocksStep = { readonly bytes: number; readonly request: SocksRequest | null } | null;

/** Reads the greeting: the methods that the client offers. Throws if it is none that can be served. */
export function readSocksGreeting(bytes: Buffer): SocksStep {
  if (bytes.length < 2) return null;
  if (bytes[0] !== VERSION) throw new SocksError("is not SOCKS 5", SOCKS_REPLY.failed);
  const length = 2 + (bytes[1] as number);
  if (bytes.length < length) return null;
  if (!bytes.subarray(2, length).includes(NO_AUTHENTICATION)) throw new SocksError("wants to authenticate", SOCKS_REPLY.failed);
  return { bytes: length, request: null };
}

export function readSocksRequest(bytes: Buffer): SocksStep {
  if (bytes.length < 5) return null;
  if (bytes[0] !== VERSION || bytes[1] !== CONNECT) throw new SocksError("asks for more than a connection", SOCKS_REPLY.command);
  const [hostAt, hostLength] = placeOf(bytes);
  const end = hostAt + hostLength + 2;
  if (bytes.length < end) return null;
  const host = hostOf(bytes.subarray(hostAt, hostAt + hostLength), bytes[3] as number);
  return { bytes: end, request: { host, port: bytes.readUInt16BE(end - 2) } };
}

export class SocksError extends Error {
  override readonly name = "SocksError";

  constructor(
    message: string,
    readonly reply: number,
  ) {
    super(message);
  }
}

export function socksReply(code: number): Buffer {
  return Buffer.from([VERSION, code, 0, IPV4, 0, 0, 0, 0, 0, 0]);
}

export const SOCKS_METHOD = Buffer.from([VERSION, NO_AUTHENTICATION]);

function placeOf(bytes: Buffer): [at: number, length: number] {
  switch (bytes[3]) {
    case IPV4:
      return [4, 4];
    case IPV6:
      return [4, 16];
    case NAME:
      return [5, bytes[4] as number];
    default:
      throw new SocksError("names no address", SOCKS_REPLY.failed);
  }
}

function hostOf(bytes: Buffer, kind: number): string {
  if (kind === IPV4) return bytes.join(".");
  if (kind === NAME) return bytes.toString("latin1").toLowerCase();
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(":");
  // The way a URL writes it.
  return isIP(groups) === 6 ? new URL(`http://[${groups}]/`).hostname.slice(1, -1) : groups;
}
