import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** RFC 3414, RFC 7860: the hash, and how much of its HMAC a message holds. */
const AUTH = {
  md5: { hash: "md5", bytes: 12 },
  sha: { hash: "sha1", bytes: 12 },
  "sha-224": { hash: "sha224", bytes: 16 },
  "sha-256": { hash: "sha256", bytes: 24 },
  "sha-384": { hash: "sha384", bytes: 32 },
  "sha-512": { hash: "sha512", bytes: 48 },
} as const;
export type AuthProtocol = keyof typeof AUTH;
export const AUTH_PROTOCOLS = Object.keys(AUTH) as [AuthProtocol, ...AuthProtocol[]];

/** RFC 3826 and the draft that Net-SNMP follows. DES is not in OpenSSL any more. */
const PRIVACY = { "aes-128": { cipher: "aes-128-cfb", bytes: 16 }, "aes-256": { cipher: "aes-256-cfb", bytes: 32 } } as const;
export type PrivacyProtocol = keyof typeof PRIVACY;
export const PRIVACY_PROTOCOLS = Object.keys(PRIVACY) as [PrivacyProtocol, ...PrivacyProtocol[]];

const EXPANDED_BYTES = 1_048_576;

/** RFC 3414, A.2: the password, repeated to a mebibyte, hashed, and bound to one engine. */
export function localizedKey(protocol: AuthProtocol, password: string, engineId: Buffer): Buffer {
  const { hash } = AUTH[protocol];
  const text = Buffer.from(password);
  const whole = Buffer.alloc(EXPANDED_BYTES, text);
  const key = createHash(hash).update(whole).digest();
  return createHash(hash)
    .update(Buffer.concat([key, engineId, key]))
    .digest();
}

/** A key that is too short for the cipher is lengthened by its own hash (draft-blumenthal-aes-usm, section 3.1.2.1). */
export function privacyKey(auth: AuthProtocol, privacy: PrivacyProtocol, password: string, engineId: Buffer): Buffer {
  const { bytes } = PRIVACY[privacy];
  let key = localizedKey(auth, password, engineId);
  while (key.length < bytes) key = Buffer.concat([key, createHash(AUTH[auth].hash).update(key).digest()]);
  return key.subarray(0, bytes);
}

export function macBytes(protocol: AuthProtocol): number {
  return AUTH[protocol].bytes;
}

/** Over the whole message, in which the place of the code holds zeros. */
export function macOf(protocol: AuthProtocol, key: Buffer, message: Buffer): Buffer {
  const { hash, bytes } = AUTH[protocol];
  return createHmac(hash, key).update(message).digest().subarray(0, bytes);
}

export function isSameMac(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** RFC 3826, section 3.1.2.1: the vector is boots, time and a salt that is sent along. */
export function encrypt(privacy: PrivacyProtocol, key: Buffer, { boots, time }: EngineClock, plain: Buffer): { salt: Buffer; encrypted: Buffer } {
  const salt = randomBytes(8);
  const cipher = createCipheriv(PRIVACY[privacy].cipher, key, vectorOf(boots, time, salt));
  return { salt, encrypted: Buffer.concat([cipher.update(plain), cipher.final()]) };
}

export function decrypt(privacy: PrivacyProtocol, key: Buffer, { boots, time }: EngineClock, salt: Buffer, encrypted: Buffer): Buffer {
  const cipher = createDecipheriv(PRIVACY[privacy].cipher, key, vectorOf(boots, time, salt));
  return Buffer.concat([cipher.update(encrypted), cipher.final()]);
}

export interface EngineClock {
  readonly boots: number;
  readonly time: number;
}

function vectorOf(boots: number, time: number, salt: Buffer): Buffer {
  const vector = Buffer.alloc(16);
  vector.writeUInt32BE(boots, 0);
  vector.writeUInt32BE(time, 4);
  salt.copy(vector, 8);
  return vector;
}
