import { createCipheriv, timingSafeEqual } from "node:crypto";

/** AES-SIV with CMAC (RFC 5297), which Node's crypto does not offer. */

const BLOCK = 16;
const ZERO = Buffer.alloc(BLOCK);

/** The key's two halves, for the synthetic IV and for the encryption. */
function halves(key: Buffer): [Buffer, Buffer] {
  return [key.subarray(0, key.length / 2), key.subarray(key.length / 2)];
}

/** The synthetic IV and the ciphertext behind it (section 2.6). With a nonce, it is the last of the associated data (section 3). */
export function sealSiv(key: Buffer, associated: readonly Buffer[], plaintext: Buffer): Buffer {
  const [authentication, encryption] = halves(key);
  const iv = syntheticIv(authentication, associated, plaintext);
  return Buffer.concat([iv, counterMode(encryption, iv, plaintext)]);
}

/** The plaintext, or null if it is not what the owner of the key has sealed (section 2.7). */
export function openSiv(key: Buffer, associated: readonly Buffer[], sealed: Buffer): Buffer | null {
  if (sealed.length < BLOCK) return null;
  const [authentication, encryption] = halves(key);
  const iv = sealed.subarray(0, BLOCK);
  const plaintext = counterMode(encryption, iv, sealed.subarray(BLOCK));
  return timingSafeEqual(syntheticIv(authentication, associated, plaintext), iv) ? plaintext : null;
}

/** S2V (section 2.4). */
function syntheticIv(key: Buffer, associated: readonly Buffer[], plaintext: Buffer): Buffer {
  let d = cmac(key, ZERO);
  for (const each of associated) d = xor(doubled(d), cmac(key, each));
  if (plaintext.length < BLOCK) return cmac(key, xor(doubled(d), padded(plaintext)));
  const end = plaintext.length - BLOCK;
  return cmac(key, Buffer.concat([plaintext.subarray(0, end), xor(plaintext.subarray(end), d)]));
}

function counterMode(key: Buffer, iv: Buffer, bytes: Buffer): Buffer {
  const counter = Buffer.from(iv);
  // Section 2.5: these bits are cleared so that additions need no carry over 32 bits.
  counter[8] = (counter[8] as number) & 0x7f;
  counter[12] = (counter[12] as number) & 0x7f;
  const cipher = createCipheriv(`aes-${key.length * 8}-ctr`, key, counter);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}

/** AES-CMAC (RFC 4493): CBC over all blocks, with a subkey mixed into the last. */
export function cmac(key: Buffer, message: Buffer): Buffer {
  const subkey = doubled(cbc(key, ZERO));
  const isWhole = message.length > 0 && message.length % BLOCK === 0;
  const begin = isWhole ? message.length - BLOCK : message.length - (message.length % BLOCK);
  const rest = message.subarray(begin);
  const last = isWhole ? xor(rest, subkey) : xor(padded(rest), doubled(subkey));
  return cbc(key, Buffer.concat([message.subarray(0, begin), last])).subarray(-BLOCK);
}

function cbc(key: Buffer, blocks: Buffer): Buffer {
  const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, ZERO).setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]);
}

/** A one-bit and zeros up to the end of a block. */
function padded(bytes: Buffer): Buffer {
  const block = Buffer.alloc(BLOCK);
  bytes.copy(block);
  block[bytes.length] = 0x80;
  return block;
}

/** Multiplied by x in the field of 2^128 elements (section 2.3). */
function doubled(block: Buffer): Buffer {
  const result = Buffer.alloc(BLOCK);
  for (let index = 0; index < BLOCK; index++) result[index] = ((block[index] as number) << 1) | ((block[index + 1] ?? 0) >> 7);
  if ((block[0] as number) & 0x80) result[BLOCK - 1] = (result[BLOCK - 1] as number) ^ 0x87;
  return result;
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] as number)));
}
