/** Extended errors by code (IANA, "Extended DNS Error Codes"; RFC 8914, section 4). */
const NAMES: readonly string[] = [
  "Other Error",
  "Unsupported DNSKEY Algorithm",
  "Unsupported DS Digest Type",
  "Stale Answer",
  "Forged Answer",
  "DNSSEC Indeterminate",
  "DNSSEC Bogus",
  "Signature Expired",
  "Signature Not Yet Valid",
  "DNSKEY Missing",
  "RRSIGs Missing",
  "No Zone Key Bit Set",
  "NSEC Missing",
  "Cached Error",
  "Not Ready",
  "Blocked",
  "Censored",
  "Filtered",
  "Prohibited",
  "Stale NXDOMAIN Answer",
  "Not Authoritative",
  "Not Supported",
  "No Reachable Authority",
  "Network Error",
  "Invalid Data",
  "Signature Expired before Valid",
  "Too Early",
  "Unsupported NSEC3 Iterations Value",
  "Unable to conform to policy",
  "Synthesized",
  "Invalid Query Type",
];

export function extendedErrorName(code: number): string | null {
  return NAMES[code] ?? null;
}

/** In words for a person. */
export function extendedErrorText({ code, text }: { readonly code: number; readonly text: string }): string {
  return `${extendedErrorName(code) ?? `extended error ${code}`}${text === "" ? "" : `: ${text}`}`;
}
