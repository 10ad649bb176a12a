import { createPrivateKey, type KeyObject } from "node:crypto";
import type { DkimAlgorithm, DkimProblem } from "../../../schemas/dkim.js";
import { asciiDomain } from "../../../schemas/host.js";

/** A key that is parsed, and may sign. */
export interface SigningKey {
  /** In small A-labels. */
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: DkimAlgorithm;
  readonly privateKey: KeyObject;
}

/** A private key as it is written. */
export interface WrittenKey {
  readonly domain: string;
  readonly selector: string;
  readonly privateKey: string;
}

/** RFC 8301, section 3.2: a signer must not use less. */
const LEAST_RSA_BITS = 1024;

/** Reads a key once; signing takes no more parsing. What is no key that can sign is a problem, which says what to do. */
export function parseSigningKey({ domain: written, selector, privateKey: pem }: WrittenKey): SigningKey | DkimProblem {
  const domain = asciiDomain(written);
  const problem = (code: DkimProblem["code"], message: string): DkimProblem => ({ code, domain, selector, message });
  if (/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) return problem("key_wrong", "this is the public key: give the private one");
  if (/ENCRYPTED/.test(pem))
    return problem("key_wrong", "the key is encrypted: decrypt it with `openssl pkey -in <file> -out <new file>`, and keep that file to its owner");
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(seedAsDer(pem) ?? pem);
  } catch {
    return problem(
      "key_wrong",
      "this is no private key in PEM: make one with `probe-run dkim keygen`, or write PKCS #8 with `openssl pkey -in <file> -out <new file>`",
    );
  }
  const type = privateKey.asymmetricKeyType;
  if (type === "ed25519") return { domain, selector, algorithm: "ed25519-sha256", privateKey };
  if (type !== "rsa") return problem("key_wrong", `a key of the kind ${type}: DKIM signs with RSA or Ed25519`);
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < LEAST_RSA_BITS)
    return problem("key_too_short", `an RSA key of ${bits} bits, which no one may believe (RFC 8301): make one of 2048 with \`probe-run dkim keygen\``);
  return { domain, selector, algorithm: "rsa-sha256", privateKey };
}

export function isSigningKey(parsed: SigningKey | DkimProblem): parsed is SigningKey {
  return "privateKey" in parsed;
}

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7). */
const ED25519_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** Some tools write the 32 bytes of an Ed25519 key in base64, and nothing else. */
function seedAsDer(written: string): { key: Buffer; format: "der"; type: "pkcs8" } | null {
  const trimmed = written.trim();
  if (!/^[A-Za-z0-9+/]{43}=$/.test(trimmed)) return null;
  return { key: Buffer.concat([ED25519_PREFIX, Buffer.from(trimmed, "base64")]), format: "der", type: "pkcs8" };
}
