import { certificatesProblem, clientCertificateProblem } from "../../schemas/certificates.js";
import type { SecretReference } from "../../schemas/secret.js";
import type { Violation } from "../support/request-error.js";

/** For a probe's checkInput(): the problems of the certificates that it should trust. */
export function certificateViolations(pointer: string, pem: string | undefined): Violation[] {
  const problem = pem === undefined ? null : certificatesProblem(pem);
  return problem === null ? [] : [{ pointer, message: `must be certificates in PEM: ${problem}`, hint: null }];
}

interface TlsTexts {
  readonly ca?: string;
  readonly client_certificate?: string | SecretReference;
  readonly client_key?: string | SecretReference;
}

/** The same for the fields `tls` of an input that may name a client certificate. What a reference leads to is checked when it is used. */
export function tlsViolations({ ca, client_certificate: certificate, client_key: key }: TlsTexts): Violation[] {
  const missing = (field: string, other: string): Violation[] => [{ pointer: `/tls/${field}`, message: `is missing: ${other} needs it`, hint: null }];
  const trusted = certificateViolations("/tls/ca", ca);
  if (certificate === undefined && key === undefined) return trusted;
  if (certificate === undefined) return [...trusted, ...missing("client_certificate", "client_key")];
  if (key === undefined) return [...trusted, ...missing("client_key", "client_certificate")];
  const problem = typeof certificate === "string" && typeof key === "string" ? clientCertificateProblem(certificate, key) : null;
  return problem === null ? trusted : [...trusted, { pointer: `/tls/${problem.field}`, message: problem.words, hint: null }];
}
