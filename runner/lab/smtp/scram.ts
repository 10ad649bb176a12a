import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { timingSafeEqualText } from "../../support/timing-safe-equal.js";
import { AuthRefusal } from "./auth-refusal.js";
import type { Exchange } from "./exchange.js";
import { reply } from "./reply.js";
import type { Account } from "./settings.js";

/** RFC 7677, section 4: the least. */
const ITERATIONS = 4096;
const derive = promisify(pbkdf2);

/** SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677), the server's side. */
export async function scramSha256(exchange: Pick<Exchange, "first" | "ask">, account: Account): Promise<boolean> {
  const first = parseClientFirst((await exchange.first()).toString("utf8"));
  const nonce = first.nonce + randomBytes(18).toString("base64");
  const salt = randomBytes(16);
  const serverFirst = `r=${nonce},s=${salt.toString("base64")},i=${ITERATIONS}`;
  const final = parseClientFinal((await exchange.ask(serverFirst)).toString("utf8"));
  if (final.nonce !== nonce) throw malformed("another nonce than the one of this exchange");
  if (final.binding !== Buffer.from(first.header).toString("base64")) throw malformed("a channel binding that does not fit the first message");
  const keys = await serverKeys(account.password, salt);
  const message = `${first.bare},${serverFirst},${final.withoutProof}`;
  const isProven = timingSafeEqualText(hash(xor(final.proof, hmac(keys.storedKey, message))).toString("hex"), keys.storedKey.toString("hex"));
  if (!isProven || !timingSafeEqualText(first.username, account.username) || (first.identity !== null && first.identity !== account.username)) return false;
  // SMTP has no room for data in 235 (RFC 4954, 4): the server's proof is a last challenge, answered with nothing.
  const last = await exchange.ask(`v=${hmac(keys.serverKey, message).toString("base64")}`);
  return last.length === 0;
}

interface ClientFirst {
  header: string;
  identity: string | null;
  bare: string;
  username: string;
  nonce: string;
}

/** gs2-header client-first-message-bare, as in `n,,n=user,r=nonce`. */
function parseClientFirst(message: string): ClientFirst {
  const [, header, identity, bare, username, nonce] = /^([ny],(?:a=([^,]+))?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/.exec(message) ?? [];
  if (header === undefined) throw malformed(message.startsWith("p=") ? "channel binding, which is not offered" : "a first message of another form");
  return {
    header,
    identity: identity === undefined ? null : unescapeName(identity),
    bare: bare as string,
    username: unescapeName(username as string),
    nonce: nonce as string,
  };
}

function parseClientFinal(message: string): { binding: string; nonce: string; proof: Buffer; withoutProof: string } {
  const [, withoutProof, binding, nonce, proof] = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)$/.exec(message) ?? [];
  const bytes = Buffer.from(proof ?? "", "base64");
  if (withoutProof === undefined || bytes.length !== 32) throw malformed("a final message of another form");
  return { binding: binding as string, nonce: nonce as string, proof: bytes, withoutProof };
}

/** RFC 5802, 5.1: a comma is written =2C and an equals sign =3D; nothing else is. */
function unescapeName(written: string): string {
  if (/=(?!2C|3D)/.test(written)) throw malformed("an equals sign in the user name that escapes nothing");
  return written.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

/** RFC 5802, section 3. */
async function serverKeys(password: string, salt: Buffer): Promise<{ storedKey: Buffer; serverKey: Buffer }> {
  const salted = await derive(password.normalize("NFKC"), salt, ITERATIONS, 32, "sha256");
  return { storedKey: hash(hmac(salted, "Client Key")), serverKey: hmac(salted, "Server Key") };
}

function malformed(what: string): AuthRefusal {
  return new AuthRefusal(reply(501, `5.5.2 SCRAM: ${what}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function hash(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] as number)));
}
