import type { RecordChange } from "../../../schemas/check.js";
import { SPF_LIMITS } from "../../mail/spf/lookups.js";
import { parseSpfRecord } from "../../mail/spf/record.js";
import type { SpfNode } from "../../mail/spf/survey.js";

/** What a record that names no server must not do for a domain that may send: refuse all of them. */
const MAIL_HOSTS = "mx";

/**
 * RFC 7208, 3.2: several records are merged into one. It allows what any of them allows, and refuses the rest only if all of them do. Null where the
 * order of terms, a redirect or a syntax error leaves the meaning to the owner.
 */
function mergedRecord(records: readonly string[], sends: boolean | null): string | null {
  const ends: string[] = [];
  const terms: string[] = [];
  const lookups: string[] = [];
  for (const record of records) {
    const parsed = parseSpfRecord(record);
    if ("problem" in parsed || parsed.redirect !== null || parsed.explanation !== null) return null;
    const all = parsed.directives.findIndex(({ mechanism }) => mechanism.name === "all");
    const before = all === -1 ? parsed.directives : parsed.directives.slice(0, all);
    if (before.some(({ result }) => result !== "pass")) return null;
    ends.push(parsed.directives[all]?.result ?? "neutral");
    terms.push(...before.map(({ term }) => term));
    lookups.push(...before.filter(({ mechanism }) => mechanism.name !== "ip4" && mechanism.name !== "ip6").map(({ term }) => term.toLowerCase()));
  }
  if (new Set(lookups).size > SPF_LIMITS.terms) return null;
  const written = terms.map((term) => term.toLowerCase());
  const named = terms.filter((_term, index) => written.indexOf(written[index] as string) === index);
  if (named.length === 0) {
    if (sends === false) return "v=spf1 -all";
    named.push(MAIL_HOSTS);
  }
  return ["v=spf1", ...named, ends.every((end) => end === "fail") ? "-all" : "~all"].join(" ");
}

/** The first record becomes the merged one, the others go. */
export function mergeChanges(domain: string, records: readonly string[], sends: boolean | null): RecordChange[] {
  const merged = mergedRecord(records, sends);
  if (merged === null) return [];
  return [...new Set(records)].map((old, index) => ({ name: domain, type: "TXT", old, new: index === 0 ? merged : null }));
}

/** The domain's own record without these terms. Nothing where it would name no server any more, and the domain may send. */
export function withoutTerms({ domain, record, directives }: SpfNode, gone: readonly string[], sends: boolean | null): RecordChange[] {
  const left = directives.filter(({ term, result, mechanism }) => result === "pass" && !gone.includes(term) && mechanism.name !== "all");
  if (record === null || (left.length === 0 && sends !== false)) return [];
  const terms = record.split(" ").filter((term) => !gone.includes(term));
  return [{ name: domain, type: "TXT", old: record, new: terms.join(" ") }];
}
