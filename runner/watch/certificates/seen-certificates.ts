/** What a run saw of a certificate. */
export interface SeenCertificate {
  readonly fingerprint: string;
  readonly subject: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Outputs are bounded already; this keeps a search short in any case. */
const MOST_DEPTH = 8;
const MOST_VALUES = 5000;
/** These lead to the trust store of this machine, and not to what the server sent. */
const NOT_SENT = new Set(["verified_chain"]);
const MOST_SUBJECT = 200;

/** The certificates in an output of any probe: every object that has a fingerprint and an expiry. */
export function seenCertificates(output: unknown): SeenCertificate[] {
  const found = new Map<string, SeenCertificate>();
  let values = 0;
  const visit = (value: unknown, depth: number): void => {
    values += 1;
    if (value === null || typeof value !== "object" || depth > MOST_DEPTH || values > MOST_VALUES) return;
    const certificate = certificateOf(value as Record<string, unknown>);
    if (certificate !== null) found.set(certificate.fingerprint, certificate);
    else for (const [name, inner] of Object.entries(value)) if (!NOT_SENT.has(name)) visit(inner, depth + 1);
  };
  visit(output, 0);
  return [...found.values()];
}

function certificateOf({ fingerprint_sha256: fingerprint, subject, not_before: from, not_after: until }: Record<string, unknown>): SeenCertificate | null {
  if (typeof fingerprint !== "string" || typeof until !== "string" || typeof from !== "string") return null;
  const [notBefore, notAfter] = [Date.parse(from), Date.parse(until)];
  const isUsable = Number.isFinite(notBefore) && Number.isFinite(notAfter) && /^[0-9A-Fa-f:]{64,95}$/.test(fingerprint);
  return isUsable ? { fingerprint: fingerprint.replaceAll(":", "").toLowerCase(), subject: String(subject).slice(0, MOST_SUBJECT), notBefore, notAfter } : null;
}
