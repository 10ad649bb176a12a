import { DMARC_POLICIES, type DmarcPolicy } from "../../../schemas/dmarc.js";
import type { TxtLookup } from "../verify/key-lookup.js";
import type { DmarcRecord } from "./read-record.js";
import { askRecord, mayShareOrganization, organizationalDomain, type WalkStep, WalkUnanswered, walkAnswered, walkTree } from "./tree-walk.js";

/** A domain that SPF or DKIM has authenticated. */
export interface AuthenticatedDomain {
  readonly method: "spf" | "dkim";
  readonly domain: string;
}

/** A method that may have authenticated a domain, if only there had been an answer. */
export interface UndecidedDomain {
  readonly method: "spf" | "dkim";
  /** Null: not known, so that it may be any. */
  readonly domain: string | null;
  /** temperror: a name server gave no answer. unknown: it could not be evaluated here, as SPF without the connecting address. */
  readonly why: "temperror" | "unknown";
}

export interface DmarcVerdict {
  /** unknown: nothing that was evaluated is aligned, and something that was not may be. */
  readonly result: "pass" | "fail" | "none" | "temperror" | "permerror" | "unknown";
  readonly reason: string | null;
  /** Where the record was found that decided. */
  readonly policy_domain: string | null;
  /** Null also when a name server gave no answer above the author domain's own record. */
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
  /** Without them, everything was decided. */
  readonly undecided?: readonly UndecidedDomain[];
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

async function evaluate(author: string, { authenticated, undecided = [], lookup, exists }: DmarcQuestion): Promise<DmarcVerdict> {
  const { steps, unanswered } = await walkAnswered(author, lookup);
  // The author domain's own record is the policy, whatever stands above it (4.10.1); without one, the whole walk is needed.
  if (unanswered !== null && ownStep(author, steps) === null) throw unanswered;
  const shown = steps.map(({ domain, record }) => ({ domain, found: record !== null }));
  const organization = unanswered === null ? organizationalDomain(author, steps) : null;
  const deciding = await decidingStep(author, organization, steps, lookup);
  if (deciding?.record == null) return { ...NOTHING, result: "none", reason: null, walk: shown };
  const { record } = deciding;
  const found = { policy_domain: deciding.domain, organizational_domain: organization, record: record.text, walk: shown };
  if (record.policy === null) return { ...NOTHING, ...found, result: "none", reason: "the record has no policy and no address for reports" };
  const alignment = await alignmentOf({ author, organization, record, lookup }, authenticated, undecided);
  // What has passed stays passed, though the policy of a name may be unknown that may not exist.
  const policy = await policyFor(author, deciding.domain, record, exists).catch((error: unknown) => {
    if (!(error instanceof WalkUnanswered) || alignment.result !== "pass") throw error;
    return null;
  });
  return { ...found, ...alignment, policy: policy !== null && record.is_test ? oneLower(policy) : policy, published_policy: policy };
}

function ownStep(author: string, steps: readonly WalkStep[]): WalkStep | null {
  return steps.find(({ domain, record }) => domain === author && record !== null) ?? null;
}

/** 4.10.1: the author domain's own record, else the organizational domain's, else the public suffix's. */
async function decidingStep(author: string, organization: string | null, steps: readonly WalkStep[], lookup: TxtLookup): Promise<WalkStep | null> {
  const own = ownStep(author, steps);
  if (own !== null || organization === null) return own;
  const walked = steps.find(({ domain }) => domain === organization);
  // A walk of a long name skips labels, and the organizational domain may be among them.
  const organizational = walked ?? (await askRecord(organization, lookup));
  if (organizational.record !== null) return organizational;
  return steps.find(({ record }) => record?.psd === "y") ?? null;
}

/** The record has a policy. */
async function policyFor(author: string, owner: string, record: DmarcRecord, exists: DmarcQuestion["exists"]): Promise<DmarcPolicy | null> {
  if (owner === author) return record.policy;
  if (record.non_existent_policy === record.subdomain_policy) return record.subdomain_policy;
  const isThere = await exists(author);
  if (isThere === null) throw new WalkUnanswered(`whether ${author} exists`, { outcome: "server_failure", problem: null });
  return isThere ? record.subdomain_policy : record.non_existent_policy;
}

function oneLower(policy: DmarcPolicy): DmarcPolicy {
  return DMARC_POLICIES[Math.max(0, DMARC_POLICIES.indexOf(policy) - 1)] as DmarcPolicy;
}

interface Aligning {
  readonly author: string;
  /** Null: not known. */
  readonly organization: string | null;
  readonly record: DmarcRecord;
  readonly lookup: TxtLookup;
}

/** 5.3: one aligned domain is enough. Without any, a missing answer that could have changed the result is no failure (5.3.6). */
async function alignmentOf(
  aligning: Aligning,
  authenticated: readonly AuthenticatedDomain[],
  undecided: readonly UndecidedDomain[],
): Promise<Pick<DmarcVerdict, "result" | "reason" | "aligned">> {
  const aligned: AuthenticatedDomain[] = [];
  const open: UndecidedDomain[] = [];
  for (const each of authenticated) {
    const verdict = await isAligned(aligning, each);
    if (verdict === true) aligned.push(each);
    else if (verdict === null) open.push({ ...each, why: "temperror" });
  }
  if (aligned.length > 0) return { result: "pass", reason: null, aligned };
  for (const each of undecided) {
    if (each.domain === null || (await isAligned(aligning, { method: each.method, domain: each.domain })) !== false) open.push(each);
  }
  const [first] = open.sort((one, other) => Number(other.why === "temperror") - Number(one.why === "temperror"));
  if (first === undefined) return { result: "fail", reason: "neither SPF nor DKIM passed for a domain that is aligned", aligned };
  const whose = first.domain === null ? "" : ` of ${first.domain}`;
  const reason =
    first.why === "temperror" ? `a name server gave no answer for ${NAMES[first.method]}${whose}` : `${NAMES[first.method]} could not be evaluated`;
  return { result: first.why, reason, aligned };
}

const NAMES = { spf: "SPF", dkim: "DKIM" } as const;

/**
 * 4.4: strict is the same name, relaxed the same organizational domain, found by a walk for each. Null without an answer. The same name needs no
 * walk (4.10.2), and so does one that ends otherwise.
 */
async function isAligned({ author, organization, record, lookup }: Aligning, { method, domain: written }: AuthenticatedDomain): Promise<boolean | null> {
  const domain = written.toLowerCase();
  if (domain === author) return true;
  const mode = method === "dkim" ? record.dkim_alignment : record.spf_alignment;
  if (mode === "strict") return false;
  if (organization === null) return mayShareOrganization(domain, author) ? null : false;
  if (!isWithin(domain, organization)) return false;
  try {
    return organizationalDomain(domain, await walkTree(domain, lookup)) === organization;
  } catch (error) {
    if (!(error instanceof WalkUnanswered)) throw error;
    return null;
  }
}

/** A domain that does not end in the organizational domain has another one. */
function isWithin(domain: string, organization: string): boolean {
  return domain === organization || domain.endsWith(`.${organization}`);
}
