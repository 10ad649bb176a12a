import { decodeError } from "../transport/message-session.js";

/** What a server says before the login ([MS-TDS] 2.2.6.5). */
export interface PreLogin {
  /** As 16.0.4085. */
  readonly version: string;
  readonly encryption: Encryption;
}

/** off: only the login is encrypted, if both sides can. */
export type Encryption = "off" | "on" | "not_supported" | "required";

const ENCRYPTIONS: readonly Encryption[] = ["off", "on", "not_supported", "required"];
const OPTION = { version: 0, encryption: 1, instance: 2, threadId: 3, mars: 4, end: 0xff } as const;
const OPTION_BYTES = 5;
const VERSION_BYTES = 6;
const MAX_OPTIONS = 32;

/** The client's PRELOGIN. The version is the client library's own, and decides nothing. */
export function encodePreLogin(encryption: Encryption): Buffer {
  return encodeOptions([
    [OPTION.version, Buffer.alloc(VERSION_BYTES)],
    [OPTION.encryption, Buffer.of(ENCRYPTIONS.indexOf(encryption))],
    [OPTION.instance, Buffer.of(0)],
    [OPTION.threadId, Buffer.alloc(4)],
    [OPTION.mars, Buffer.of(0)],
  ]);
}

/** A server's answer, for a lab server, and for a library that talks to the server through us. */
export function encodePreLoginAnswer({ version, encryption }: PreLogin): Buffer {
  const [major = 0, minor = 0, build = 0] = version.split(".").map(Number);
  const number = Buffer.of(major, minor, build >> 8, build & 0xff, 0, 0);
  return encodeOptions([
    [OPTION.version, number],
    [OPTION.encryption, Buffer.of(ENCRYPTIONS.indexOf(encryption))],
  ]);
}

export function readPreLogin(body: Buffer): PreLogin {
  const options = readOptions(body);
  const version = options.get(OPTION.version);
  if (version === undefined || version.length < VERSION_BYTES) throw decodeError("protocol_violation", "the PRELOGIN answer names no version");
  // The upper bits speak of client certificates.
  const encryption = ENCRYPTIONS[(options.get(OPTION.encryption)?.[0] ?? 0) & 0x0f];
  if (encryption === undefined) throw decodeError("protocol_violation", "the PRELOGIN answer has an unknown kind of encryption");
  return { version: `${version[0]}.${version[1]}.${version.readUInt16BE(2)}`, encryption };
}

function readOptions(body: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = 0; body[at] !== OPTION.end; at += OPTION_BYTES) {
    if (at + OPTION_BYTES > body.length || options.size > MAX_OPTIONS) throw decodeError("protocol_violation", "the list of PRELOGIN options has no end");
    const begin = body.readUInt16BE(at + 1);
    const end = begin + body.readUInt16BE(at + 3);
    if (end > body.length) throw decodeError("protocol_violation", "a PRELOGIN option lies outside of its message");
    options.set(body[at] as number, body.subarray(begin, end));
  }
  return options;
}

function encodeOptions(options: readonly (readonly [token: number, data: Buffer])[]): Buffer {
  let offset = options.length * OPTION_BYTES + 1;
  const head = options.map(([token, { length }]) => {
    const entry = Buffer.of(token, offset >> 8, offset & 0xff, length >> 8, length & 0xff);
    offset += length;
    return entry;
  });
  return Buffer.concat([...head, Buffer.of(OPTION.end), ...options.map(([, data]) => data)]);
}
