import { createHash, X509Certificate } from "node:crypto";
import type { Tlsa } from "../../runner/tls-policy/policy.js";

/** A PEM file's certificates, in its order. */
export function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map((each) => new X509Certificate(each));
}

/** The TLSA record for the first certificate of a PEM file: `tlsaFor(pem, "3 1 1")`. */
export function tlsaFor(pem: string, parameters: string): Tlsa {
  const [usage = 0, selector = 0, matchingType = 0] = parameters.split(" ").map(Number);
  const [first] = certificatesIn(pem) as [X509Certificate];
  const selected = selector === 0 ? first.raw : first.publicKey.export({ type: "spki", format: "der" });
  const certificate = matchingType === 0 ? selected : digest(matchingType === 1 ? "sha256" : "sha512", selected);
  return { usage, selector, matchingType, certificate };
}

function digest(name: string, bytes: Buffer): Buffer {
  return createHash(name).update(bytes).digest();
}
