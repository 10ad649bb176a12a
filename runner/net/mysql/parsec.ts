import { createPrivateKey, pbkdf2, sign } from "node:crypto";
import { promisify } from "node:util";
import { failureError } from "../../run/failure-error.js";

// MariaDB's plugin PARSEC, as mariadb.com documents it: the password and a salt make the key of an Ed25519 signature over both sides' nonces.

/** The only key derivation that there is: PBKDF2 with SHA-512. */
const PBKDF2 = 0x50;
const MIN_ITERATIONS = 1024;
/** The iterations are MIN_ITERATIONS times two to this power. MariaDB's own is 0; more than this would keep a processor busy for seconds. */
const MAX_POWER = 10;
const KEY_BYTES = 32;
export const CLIENT_NONCE_BYTES = 32;
/** PKCS #8 of an Ed25519 key (RFC 8410, section 7). */
const KEY_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** The client's nonce, and the signature of both. `extendedSalt` is what the server stores of the key derivation, with the salt. */
export async function parsecAnswer(password: Buffer, extendedSalt: Buffer, serverNonce: Buffer, clientNonce: Buffer): Promise<Buffer> {
  const [derivation, power = 0] = extendedSalt;
  if (derivation !== PBKDF2 || extendedSalt.length < 3) throw failureError("auth", "protocol_violation", "the server sends no salt of PARSEC");
  if (power > MAX_POWER)
    throw failureError("auth", "limit_exceeded", `the server asks for ${MIN_ITERATIONS} x 2^${power} iterations of PBKDF2; the limit is 2^${MAX_POWER}`);
  const seed = await promisify(pbkdf2)(password, extendedSalt.subarray(2), MIN_ITERATIONS * 2 ** power, KEY_BYTES, "sha512");
  const key = createPrivateKey({ key: Buffer.concat([KEY_HEADER, seed]), format: "der", type: "pkcs8" });
  return Buffer.concat([clientNonce, sign(null, Buffer.concat([serverNonce, clientNonce]), key)]);
}
