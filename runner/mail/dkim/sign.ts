import { createHash, sign } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { portions } from "../../net/smtp/message-body.js";
import { BodyHash } from "./body-hash.js";
import { type HeaderField, type MessageParts, relaxed } from "./header-fields.js";
import { signedField, unsignedField } from "./signature-field.js";
import { signedFields } from "./signed-fields.js";
import type { SigningKey } from "./signing-key.js";

export interface Stamp {
  /** When it is signed, in milliseconds since 1970. */
  readonly now: number;
  /** The signature expires after this many seconds (x=); null for never. */
  readonly expiresAfterSeconds: number | null;
}

/** A message that is hashed: it can be signed with any number of keys. */
export interface Signable {
  readonly names: readonly string[];
  /** The signed fields in their canonical form, as latin1 text. */
  readonly header: string;
  readonly bodyHash: string;
}

/** Hashing this much takes a fraction of a millisecond: a longer message lets others have their turn in between. */
const BYTES_A_TURN = 1024 * 1024;

export async function signableOf(fields: readonly HeaderField[], body: MessageParts["body"]): Promise<Signable> {
  const hash = new BodyHash();
  let bytes = 0;
  for (const portion of portions(body)) {
    hash.update(portion);
    bytes += portion.length;
    if (bytes < BYTES_A_TURN) continue;
    bytes = 0;
    await nextTurn();
  }
  const signed = signedFields(fields);
  return { names: signed.names, header: signed.fields.map((field) => `${relaxed(field)}\r\n`).join(""), bodyHash: hash.digest() };
}

/** The DKIM-Signature field with its line end. Rejects when the key cannot sign. */
export async function signatureField({ names, header, bodyHash }: Signable, key: SigningKey, { now, expiresAfterSeconds }: Stamp): Promise<string> {
  const time = Math.floor(now / 1000);
  const expires = expiresAfterSeconds === null ? null : time + expiresAfterSeconds;
  const { algorithm, domain, selector } = key;
  const unsigned = unsignedField({ algorithm, domain, selector, time, expires, names, bodyHash });
  const data = Buffer.from(`${header}${relaxed({ name: "dkim-signature", raw: unsigned })}`, "latin1");
  return signedField(unsigned, await signatureOf(data, key));
}

/** RSA takes long enough to be worth the thread pool, which uses every core. Ed25519 does not. */
async function signatureOf(data: Buffer, { algorithm, privateKey }: SigningKey): Promise<Buffer> {
  // RFC 8463, section 3: what Ed25519 signs is the SHA-256 of the data.
  if (algorithm === "ed25519-sha256") return sign(null, createHash("sha256").update(data).digest(), privateKey);
  return new Promise((resolve, reject) => {
    sign("sha256", data, privateKey, (error, signature) => (error === null ? resolve(signature) : reject(error)));
  });
}
