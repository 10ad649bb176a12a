import type { TxtLookup } from "../verify/key-lookup.js";
import { DMARC_POLICIES, type DmarcPolicy, type DmarcRecord } from "./read-record.js";
import { askRecord, organizationalDomain, type WalkStep, WalkUnanswered, walkTree } from "./tree-walk.js";

/** A domain that SPF or DKIM has authenticated. */
export interface AuthenticatedDomain {
  readonly method: "spf" | "dkim";
  readonly domain: string;
}

export interface DmarcVerdict {
  readonly result: "pass" | "fail" | "none" | "temperror" | "permerror";
  readonly reason: string | null;
  /** Where the record was found that decided. */
  readonly policy_domain: string | null;
  readonly organizational_domain: string | null;
  /** What the domain asks for, one lower with t=y. */
  readonly policy: DmarcPolicy | null;
  readonly published_policy: DmarcPolicy | null;
  readonly record: string | null;
  readonly aligned: readonly AuthenticatedDomain[];
  readonly walk: readonly { readonly domain: string; readonly found: boolean }[];
}

export interface DmarcQuestion {
  /** The domains of From, in A-labels. */
  readonly authorDomains: readonly string[];
  readonly authenticated: readonly AuthenticatedDomain[];
  readonly lookup: TxtLookup;
  /** Whether a name exists at all; null when that could not be found out (RFC 9989, np=). */
  exists(domain: string): Promise<boolean | null>;
}

const NOTHING: Omit<DmarcVerdict, "result" | "reason"> = {
  policy_domain: null,
  organizational_domain: null,
  policy: null,
  published_policy: null,
  record: null,
  aligned: [],
  walk: [],
};

/** Whether a message is its author domain's own (RFC 9989, 5.3). */
export async function evaluateDmarc(question: DmarcQuestion): Promise<DmarcVerdict> {
  const [author, ...others] = question.authorDomains;
  if (author === undefined) return { ...NOTHING, result: "permerror", reason: "there is no From with a domain" };
  if (others.length > 0) return { ...NOTHING, result: "permerror", reason: "From names several domains" };
  try {
    return await evaluate(author, question);
  } catch (error) {
    if (!(error instanceof WalkUnanswered)) throw error;
    return { ...NOTHING, result: "temperror", reason: error.message };
  }
}

async function evaluate(author: string, { authenticated, lookup, exists }: DmarcQuestion): Promise<DmarcVerdict> {
  const walk = await walkTree(author, lookup);
  const shown = walk.map(({ domain, record }) => ({ domain, found: record !== null }));
  const organization = organizationalDomain(author, walk);
  const deciding = await decidingStep(author, organization, walk, lookup);
  if (deciding?.record == null) return { ...NOTHING, result: "none", reason: null, walk: shown };
  const published = await policyFor(author, deciding.domain, deciding.record, exists);
  const found = { policy_domain: deciding.domain, organizational_domain: organization, record: deciding.record.text, walk: shown };
  if (published === null) return { ...NOTHING, ...found, result: "none", reason: "the record has no policy and no address for reports" };
  const aligned = await alignedDomains(author, organization, deciding.record, authenticated, lookup);
  const policy = deciding.record.is_test ? oneLower(published) : published;
  return {
    ...found,
    result: aligned.length > 0 ? "pass" : "fail",
    reason: aligned.length > 0 ? null : "neither SPF nor DKIM passed for a domain that is aligned",
    policy,
    published_policy: published,
    aligned,
  };
}

/** 4.10.1: the author domain's own record, else the organizational domain's, else the public suffix's. */
async function decidingStep(author: string, organization: string, walk: readonly WalkStep[], lookup: TxtLookup): Promise<WalkStep | null> {
  const own = walk.find(({ domain }) => domain === author);
  if (own?.record != null) return own;
  const walked = walk.find(({ domain }) => domain === organization);
  // A walk of a long name skips labels, and the organizational domain may be among them.
  const organizational = walked ?? (await askRecord(organization, lookup));
  if (organizational.record !== null) return organizational;
  return walk.find(({ record }) => record?.psd === "y") ?? null;
}

async function policyFor(author: string, owner: string, record: DmarcRecord, exists: DmarcQuestion["exists"]): Promise<DmarcPolicy | null> {
  if (record.policy === null) return null;
  if (owner === author) return record.policy;
  if (record.non_existent_policy === record.subdomain_policy) return record.subdomain_policy;
  const isThere = await exists(author);
  if (isThere === null) throw new WalkUnanswered(`whether ${author} exists could not be found out`);
  return isThere ? record.subdomain_policy : record.non_existent_policy;
}

function oneLower(policy: DmarcPolicy): DmarcPolicy {
  return DMARC_POLICIES[Math.max(0, DMARC_POLICIES.indexOf(policy) - 1)] as DmarcPolicy;
}

/** 4.4: strict is the same name, relaxed the same organizational domain, found by a walk for each. */
async function alignedDomains(
  author: string,
  organization: string,
  record: DmarcRecord,
  authenticated: readonly AuthenticatedDomain[],
  lookup: TxtLookup,
): Promise<AuthenticatedDomain[]> {
  const aligned: AuthenticatedDomain[] = [];
  for (const each of authenticated) {
    const mode = each.method === "dkim" ? record.dkim_alignment : record.spf_alignment;
    const isSame = each.domain === author;
    const isRelated = !isSame && mode === "relaxed" && shareALabel(each.domain, organization);
    if (isSame || (isRelated && organizationalDomain(each.domain, await walkTree(each.domain, lookup)) === organization)) aligned.push(each);
  }
  return aligned;
}

/** Domains that do not even end in the organizational domain need no walk. */
function shareALabel(domain: string, organization: string): boolean {
  return domain === organization || domain.endsWith(`.${organization}`);
}
