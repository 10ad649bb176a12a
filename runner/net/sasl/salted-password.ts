import { createHash, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { processWide } from "../../support/process-wide.js";

const KEY_BYTES = 32;
/** Accounts that a process logs in with again and again. */
const MAX_KEPT = 256;

/** By a hash of the password, the salt and the iterations; the oldest first. */
const kept = processWide("salted-passwords", () => new Map<string, Promise<Buffer>>());

/**
 * The SaltedPassword of SCRAM-SHA-256 (RFC 5802, section 3): thousands of iterations, which are most of what a login costs. A server gives the same
 * salt at each login, so the result is kept for the next one.
 */
export function saltedPassword(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  const key = createHash("sha256").update(`${iterations} ${salt.length} `).update(salt).update(password).digest("base64");
  const known = kept.get(key);
  if (known !== undefined) return known;
  const salted = promisify(pbkdf2)(password, salt, iterations, KEY_BYTES, "sha256");
  kept.set(key, salted);
  salted.catch(() => kept.delete(key));
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  return salted;
}
