/** An extended error (RFC 8914). */
export interface ExtendedError {
  readonly code: number;
  readonly text: string;
}

/** The EDNS option that holds one. */
export const EXTENDED_ERROR = 15;
const MAX_CHARACTERS = 500;

/** What an option holds; nothing if it is too short. */
export function extendedErrorIn(option: Buffer): ExtendedError[] {
  if (option.length < 2) return [];
  const text = option.subarray(2).toString("utf8").replaceAll(/\p{C}/gu, "�").slice(0, MAX_CHARACTERS);
  return [{ code: option.readUInt16BE(0), text }];
}

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
