import { randomBytes } from "node:crypto";
import { openSiv, sealSiv } from "./aes-siv.js";
import type { NtsKeys } from "./capability.js";

/** Extension fields (RFC 8915, section 5.7; RFC 7822). */
const FIELD = { uniqueIdentifier: 0x0104, cookie: 0x0204, authenticator: 0x0404 } as const;
const NTP_HEADER_BYTES = 48;
const NONCE_BYTES = 16;

interface ExtensionField {
  readonly type: number;
  /** Where the field begins in its packet. */
  readonly at: number;
  readonly body: Buffer;
}

export interface NtsRequest {
  readonly packet: Buffer;
  readonly uniqueIdentifier: Buffer;
}

/** An NTP request of 48 bytes with a cookie, which is used once, and authenticated with the keys. Takes a cookie away. */
export function authenticatedRequest(header: Buffer, keys: Pick<NtsKeys, "cookies" | "clientToServer">): NtsRequest | null {
  const cookie = keys.cookies.shift();
  if (cookie === undefined) return null;
  const uniqueIdentifier = randomBytes(32);
  const open = Buffer.concat([header, field(FIELD.uniqueIdentifier, uniqueIdentifier), field(FIELD.cookie, cookie)]);
  const nonce = randomBytes(NONCE_BYTES);
  const sealed = sealSiv(keys.clientToServer, [open, nonce], Buffer.alloc(0));
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16BE(nonce.length, 0);
  lengths.writeUInt16BE(sealed.length, 2);
  return { packet: Buffer.concat([open, field(FIELD.authenticator, Buffer.concat([lengths, nonce, sealed]))]), uniqueIdentifier };
}

/**
 * authentic: the owner of the key wrote it; `cookies` are new ones. refused: a kiss-o'-death, which is not authenticated, because the server
 * could not read the cookie. Null for anything else: it counts as not received (section 5.7).
 */
export type NtsReply = { readonly kind: "authentic"; readonly cookies: readonly Buffer[] } | { readonly kind: "refused" } | null;

export function readAuthenticated(datagram: Buffer, uniqueIdentifier: Buffer, key: Buffer): NtsReply {
  const fields = readFields(datagram, NTP_HEADER_BYTES);
  if (fields === null) return null;
  const isOurs = fields.some(({ type, body }) => type === FIELD.uniqueIdentifier && body.equals(uniqueIdentifier));
  if (!isOurs) return null;
  const authenticator = fields.find(({ type }) => type === FIELD.authenticator);
  // Section 5.7: stratum 0 with the code NTSN.
  if (authenticator === undefined) return datagram[1] === 0 && datagram.toString("latin1", 12, 16) === "NTSN" ? { kind: "refused" } : null;
  const opened = openAuthenticator(authenticator, datagram, key);
  const inside = opened === null ? null : readFields(opened, 0);
  return inside === null ? null : { kind: "authentic", cookies: inside.filter(({ type }) => type === FIELD.cookie).map(({ body }) => body) };
}

function openAuthenticator({ at, body }: ExtensionField, datagram: Buffer, key: Buffer): Buffer | null {
  if (body.length < 4) return null;
  const [nonceBytes, sealedBytes] = [body.readUInt16BE(0), body.readUInt16BE(2)];
  const sealedAt = 4 + padded(nonceBytes);
  if (sealedAt + sealedBytes > body.length) return null;
  const nonce = body.subarray(4, 4 + nonceBytes);
  return openSiv(key, [datagram.subarray(0, at), nonce], body.subarray(sealedAt, sealedAt + sealedBytes));
}

/** Null if they do not fill the bytes exactly. */
function readFields(bytes: Buffer, from: number): ExtensionField[] | null {
  const fields: ExtensionField[] = [];
  let at = from;
  while (at < bytes.length) {
    const length = at + 4 <= bytes.length ? bytes.readUInt16BE(at + 2) : 0;
    if (length < 4 || length % 4 !== 0 || at + length > bytes.length) return null;
    fields.push({ type: bytes.readUInt16BE(at), at, body: bytes.subarray(at + 4, at + length) });
    at += length;
  }
  return fields;
}

function field(type: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + padded(body.length));
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(bytes.length, 2);
  body.copy(bytes, 4);
  return bytes;
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
