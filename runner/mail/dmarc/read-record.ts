import { DMARC_POLICIES, type DmarcPolicy } from "../../../schemas/dmarc.js";

/** A DMARC record (RFC 9989, 4.7), with what is missing filled in. */
export interface DmarcRecord {
  readonly text: string;
  /** Null: the record has no policy that can be used, and no address for reports: there is no DMARC. */
  readonly policy: DmarcPolicy | null;
  readonly subdomain_policy: DmarcPolicy;
  readonly non_existent_policy: DmarcPolicy;
  readonly dkim_alignment: "relaxed" | "strict";
  readonly spf_alignment: "relaxed" | "strict";
  /** y: this is a public suffix; n: this is an organizational domain. */
  readonly psd: "y" | "n" | "u";
  /** t=y: one policy lower than the one that is published. */
  readonly is_test: boolean;
  readonly report_addresses: readonly string[];
  /** Addresses for reports on single failures (ruf). */
  readonly failure_addresses: readonly string[];
  /** The tags as written, by name in lower case; the first one of a repeated tag. */
  readonly tags: ReadonlyMap<string, string>;
}

/**
 * True for what counts as a DMARC record at all: anything else at the name is passed over (4.10, step 2). By the grammar of 4.8, the tag's
 * name is written in either case, as all literals of RFC 5234 are, and its value exactly (%s of RFC 7405).
 */
export function isDmarcRecord(text: string): boolean {
  return /^[Vv][ \t]*=[ \t]*DMARC1[ \t]*(;|$)/.test(text);
}

/** Parses a record. Unknown tags are ignored, and the first one of a repeated tag counts. */
export function readDmarcRecord(text: string): DmarcRecord {
  const tags = new Map<string, string>();
  for (const part of text.split(";")) {
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (equals > 0 && !tags.has(name)) tags.set(name, part.slice(equals + 1).trim());
  }
  const reports = addresses(tags.get("rua"));
  const given = { p: policyOf(tags.get("p")), sp: policyOf(tags.get("sp")), np: policyOf(tags.get("np")) };
  // 4.10.1: a missing or invalid policy acts as none if reports are requested, otherwise as no record.
  const isWrong = given.p === null || (tags.has("sp") && given.sp === null) || (tags.has("np") && given.np === null);
  const policy = isWrong ? (reports.length > 0 ? "none" : null) : given.p;
  const subdomain = isWrong ? "none" : (given.sp ?? given.p ?? "none");
  return {
    text,
    policy,
    subdomain_policy: subdomain,
    non_existent_policy: isWrong ? "none" : (given.np ?? subdomain),
    dkim_alignment: tags.get("adkim")?.toLowerCase() === "s" ? "strict" : "relaxed",
    spf_alignment: tags.get("aspf")?.toLowerCase() === "s" ? "strict" : "relaxed",
    psd: psdOf(tags.get("psd")),
    is_test: tags.get("t")?.toLowerCase() === "y",
    report_addresses: reports,
    failure_addresses: addresses(tags.get("ruf")),
    tags,
  };
}

function policyOf(value: string | undefined): DmarcPolicy | null {
  return DMARC_POLICIES.find((policy) => policy === value?.toLowerCase()) ?? null;
}

function psdOf(value: string | undefined): DmarcRecord["psd"] {
  const written = value?.toLowerCase();
  return written === "y" || written === "n" ? written : "u";
}

const MAX_ADDRESSES = 50;

/** Addresses that are URIs; the size limit after `!` is one of before RFC 9989. */
function addresses(value: string | undefined): string[] {
  if (value === undefined) return [];
  const written = value.split(",").map((each) => each.trim());
  return written.filter((each) => /^mailto:[^@\s]+@[^@\s]+$/i.test(each) || /^https?:\/\/[^\s]+$/i.test(each)).slice(0, MAX_ADDRESSES);
}
