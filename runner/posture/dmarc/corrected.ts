import type { RecordChange } from "../../../schemas/check.js";
import { DMARC_POLICIES } from "../../../schemas/dmarc.js";
import type { DmarcRecord } from "../../mail/dmarc/read-record.js";
import { plainAddress } from "../plain-address.js";
import type { DmarcFacts } from "./examine.js";

/** There is something at the domain's own name, if nothing that counts. */
export function isWritten({ domain, walk, near_misses: near }: DmarcFacts): boolean {
  return near.length > 0 || hasSeveral({ domain, walk });
}

function hasSeveral({ domain, walk }: Pick<DmarcFacts, "domain" | "walk">): boolean {
  return walk.some(({ domain: name, records }) => name === domain && records > 1);
}

/** Instead of what does not count, with its address for reports. Beside several records it would not count either: one of them must remain. */
export function firstRecord({ domain, walk, near_misses: [near], misplaced: [other] }: DmarcFacts): RecordChange[] {
  if (hasSeveral({ domain, walk })) return [];
  const mailbox = plainAddress(near ?? other ?? "") ?? `dmarc@${domain}`;
  return [{ name: `_dmarc.${domain}`, type: "TXT", old: near ?? null, new: `v=DMARC1; p=none; rua=mailto:${mailbox}` }];
}

/**
 * The same record, asking for quarantine; what RFC 9989 has removed is left out. The record of a domain above changes only for the names below it.
 */
export function enforced({ domain, policy_domain: owner }: DmarcFacts, { tags, text, is_test: isTest }: DmarcRecord): RecordChange[] {
  const quarantine = (names: readonly string[]): string =>
    ["v=DMARC1", "p=quarantine", ...without(tags, [...names, "v", "p", "np", "t", ...REMOVED])].join("; ");
  if (owner === null || owner === domain) {
    const fixed = quarantine([]).replace("p=quarantine", "p=quarantine; np=reject");
    return [{ name: `_dmarc.${domain}`, type: "TXT", old: text, new: fixed }];
  }
  // t=y of the domain above would make the policy below none again.
  if (isTest) return [{ name: `_dmarc.${domain}`, type: "TXT", old: null, new: quarantine(["sp", "psd"]) }];
  return [{ name: `_dmarc.${owner}`, type: "TXT", old: text, new: ["v=DMARC1", ...without(tags, ["v", "sp"]), "sp=quarantine"].join("; ") }];
}

/** The same record, asking for reports. */
export function watching({ tags, text }: DmarcRecord, owner: string): string {
  const policy = isPolicy(tags.get("p")) ? [] : ["p=none"];
  return ["v=DMARC1", ...policy, ...without(tags, ["v", "rua"]), `rua=mailto:${plainAddress(tags.get("rua") ?? text) ?? `dmarc@${owner}`}`].join("; ");
}

/** The same record without a weaker policy for what is below the domain. */
export function evened({ tags }: DmarcRecord, weak: readonly string[]): string {
  return ["v=DMARC1", ...without(tags, ["v", ...weak]), ...(weak.includes("np") ? ["np=reject"] : [])].join("; ");
}

/** A policy that is misspelled makes the whole record one of p=none: it is not copied. */
function without(tags: DmarcRecord["tags"], names: readonly string[]): string[] {
  const isKept = (name: string, value: string): boolean => !names.includes(name) && (!POLICY_TAGS.includes(name) || isPolicy(value));
  return [...tags].filter(([name, value]) => isKept(name, value)).map(([name, value]) => `${name}=${value}`);
}

export const POLICY_TAGS: readonly string[] = ["p", "sp", "np"];

export function isPolicy(value: string | undefined): boolean {
  return DMARC_POLICIES.some((policy) => policy === value?.toLowerCase());
}

/** Tags that RFC 9989 has removed: receivers of before obey them, new ones ignore them. */
export const REMOVED: readonly string[] = ["pct", "rf", "ri"];
