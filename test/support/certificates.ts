import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Certificate } from "../../runner/net/transport/listen.js";

export const CERTIFICATE_NAMES = ["localhost", "expired", "not-yet-valid", "wrong-name", "wildcard", "self-signed", "chain", "incomplete-chain"] as const;

export type CertificateName = (typeof CERTIFICATE_NAMES)[number];

/** Where a certificate of fixtures/certificates, or its key, lies. */
export function certificatePath(name: CertificateName | "authority" | "intermediate", part: "pem" | "key.pem" = "pem"): string {
  return fileURLToPath(new URL(`../../fixtures/certificates/${name}.${part}`, import.meta.url));
}

export function certificate(name: CertificateName): Certificate {
  return { certificate: readFileSync(certificatePath(name), "utf8"), key: readFileSync(certificatePath(name, "key.pem"), "utf8") };
}

/** The authority that a client has to trust (PEM). */
export function testAuthority(): string {
  return readFileSync(certificatePath("authority"), "utf8");
}

let all: Record<string, Certificate> | null = null;

/** All of them, for a transcript's `@starttls name`; without a name it is the good one. */
export function allCertificates(): Record<string, Certificate> {
  // Each transcript that is played asks for them.
  all ??= { default: certificate("localhost"), ...Object.fromEntries(CERTIFICATE_NAMES.map((name) => [name, certificate(name)])) };
  return all;
}
