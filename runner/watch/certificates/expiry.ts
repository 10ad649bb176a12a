import type { SeenCertificate } from "./seen-certificates.js";

/** A certificate that lives for days only is renewed in its last third. */
const LAST_SHARE = 1 / 3;

/** How many of these times before the end have been reached: 0 for none. */
export function expiryLevel({ notBefore, notAfter }: Pick<SeenCertificate, "notBefore" | "notAfter">, warnMs: readonly number[], now: number): number {
  const longest = (notAfter - notBefore) * LAST_SHARE;
  return warnMs.filter((before) => now >= notAfter - Math.min(before, longest)).length;
}
