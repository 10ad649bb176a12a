import type { DmarcPolicy } from "../../../schemas/dmarc.js";
import { type Failure, failure } from "../../../schemas/failure.js";
import { isDomain } from "../../../schemas/host.js";
import { evaluateDmarc } from "../../mail/dmarc/evaluate.js";
import { type DmarcRecord, isDmarcRecord, readDmarcRecord } from "../../mail/dmarc/read-record.js";
import { mayShareOrganization, organizationalDomain, type WalkStep, walkAnswered } from "../../mail/dmarc/tree-walk.js";
import { isSpfRecord } from "../../mail/spf/record.js";
import { isUnanswered, type TxtLookup } from "../../mail/verify/key-lookup.js";
import { isCertain } from "../../net/dns/answer.js";
import { addressesOf } from "../../net/dns/host-addresses.js";
import type { Questions } from "../questions.js";

/** What is known of the DMARC policy that applies to a domain. */
export interface DmarcFacts {
  readonly domain: string;
  readonly walk: readonly WalkStep[];
  /** Why the walk could not be finished; null when it was. */
  readonly unanswered: Failure | null;
  readonly organizational_domain: string | null;
  readonly policy_domain: string | null;
  /** The record that applies. */
  readonly record: DmarcRecord | null;
  /** What applies to messages of this domain, as published. */
  readonly policy: DmarcPolicy | null;
  /** The same, one lower with t=y. */
  readonly effective_policy: DmarcPolicy | null;
  /** Texts at _dmarc of the domain that look like DMARC, and are none. */
  readonly near_misses: readonly string[];
  /** DMARC records at the domain itself, where no receiver looks for them. */
  readonly misplaced: readonly string[];
  /** What a name that does not exist has by a wildcard. */
  readonly wildcards: readonly ("SPF" | "DMARC")[];
  readonly report_hosts: readonly ReportHost[];
}

/** A host outside the domain that is to get its reports. Null: not known. */
export interface ReportHost {
  readonly host: string;
  /** It says with a record that it takes them (RFC 9990, 3); true as well where none is needed. */
  readonly is_authorised: boolean | null;
  readonly takes_mail: boolean | null;
}

export async function examineDmarc(domain: string, questions: Questions): Promise<DmarcFacts> {
  const lookup: TxtLookup = async (name) => {
    const { outcome, problem } = await questions.ask(name, "TXT");
    return { outcome, problem, texts: await questions.texts(name) };
  };
  const { steps, unanswered } = await walkAnswered(domain, lookup);
  // The domain's own record is its policy, whatever stands above it.
  if (unanswered !== null && steps[0]?.record == null) return { ...NOTHING, domain, unanswered: unanswered.failure };
  return examine(domain, steps, { questions, lookup, isWhole: unanswered === null });
}

interface Asking {
  readonly questions: Questions;
  readonly lookup: TxtLookup;
  /** Every name of the walk was answered. */
  readonly isWhole: boolean;
}

const NOTHING: Omit<DmarcFacts, "domain"> = {
  walk: [],
  unanswered: null,
  organizational_domain: null,
  policy_domain: null,
  record: null,
  policy: null,
  effective_policy: null,
  near_misses: [],
  misplaced: [],
  wildcards: [],
  report_hosts: [],
};

async function examine(domain: string, walk: readonly WalkStep[], { questions, lookup, isWhole }: Asking): Promise<DmarcFacts> {
  const own = await questions.texts(`_dmarc.${domain}`);
  const seen = {
    ...NOTHING,
    domain,
    walk,
    near_misses: own.filter((text) => !isDmarcRecord(text) && /v\s?=\s?dmarc1/i.test(text.slice(0, 200))),
    misplaced: (await questions.texts(domain)).filter(isDmarcRecord),
    wildcards: await wildcardsOf(domain, questions),
  };
  // The decision that a receiver makes for a message whose From is in this domain.
  const verdict = await evaluateDmarc({ authorDomains: [domain], authenticated: [], lookup, exists: (name) => exists(name, questions) });
  if (verdict.result === "temperror") return { ...seen, unanswered: failure("resolve", "dns_failure", verdict.reason ?? "no answer") };
  const organization = isWhole ? organizationalDomain(domain, walk) : null;
  const decided = { ...seen, organizational_domain: organization, policy_domain: verdict.policy_domain };
  if (verdict.record === null) return decided;
  const record = readDmarcRecord(verdict.record);
  const hosts = hostsOf(record.report_addresses).slice(0, MAX_HOSTS);
  return {
    ...decided,
    record,
    policy: verdict.published_policy,
    effective_policy: verdict.policy,
    report_hosts: await Promise.all(hosts.map((host) => examineHost(host, { owner: verdict.policy_domain ?? domain, organization }, questions, lookup))),
  };
}

/** RFC 8020, and RFC 9824 for signed zones: what the answer says of the name itself. */
async function exists(name: string, questions: Questions): Promise<boolean | null> {
  const answer = await questions.ask(name, "A");
  return isCertain(answer) ? answer.outcome !== "no_such_name" : null;
}

const NO_SUCH_NAME = "probe-run-no-such-name";

async function wildcardsOf(domain: string, questions: Questions): Promise<("SPF" | "DMARC")[]> {
  const [spf, dmarc] = await Promise.all([questions.texts(`${NO_SUCH_NAME}.${domain}`), questions.texts(`_dmarc.${NO_SUCH_NAME}.${domain}`)]);
  return [...(spf.some(isSpfRecord) ? (["SPF"] as const) : []), ...(dmarc.some(isDmarcRecord) ? (["DMARC"] as const) : [])];
}

const MAX_HOSTS = 10;

function hostsOf(addresses: readonly string[]): string[] {
  return [...new Set(addresses.flatMap((address) => /^mailto:[^@]*@([^@!?]+)/i.exec(address)?.[1]?.toLowerCase() ?? []).filter(isDomain))];
}

interface ReportedDomain {
  /** Where the record is. */
  readonly owner: string;
  /** Null: not known. */
  readonly organization: string | null;
}

async function examineHost(host: string, about: ReportedDomain, questions: Questions, lookup: TxtLookup): Promise<ReportHost> {
  const [isAuthorised, takesMail] = await Promise.all([authorisation(host, about, lookup), hasMailHost(host, questions)]);
  return { host, is_authorised: isAuthorised, takes_mail: takesMail };
}

/** RFC 9990, 3: a host of another organizational domain says with a record that it wants these reports. */
async function authorisation(host: string, { owner, organization }: ReportedDomain, lookup: TxtLookup): Promise<boolean | null> {
  if (host === owner || host === organization) return true;
  let isUnsure = organization === null && mayShareOrganization(host, owner);
  if (organization !== null && host.endsWith(`.${organization}`)) {
    const { steps, unanswered } = await walkAnswered(host, lookup);
    if (unanswered === null && organizationalDomain(host, steps) === organization) return true;
    isUnsure = unanswered !== null;
  }
  const answer = await lookup(`${owner}._report._dmarc.${host}`);
  if (answer.texts.some(isDmarcRecord)) return true;
  return isUnsure || isUnanswered(answer) ? null : false;
}

async function hasMailHost(host: string, questions: Questions): Promise<boolean | null> {
  const answer = await questions.ask(host, "MX");
  if (!isCertain(answer)) return null;
  if (answer.outcome === "found") return answer.records.some(({ exchange }) => exchange !== "." && exchange !== "");
  if (answer.outcome === "no_such_name") return false;
  const { addresses } = await addressesOf(questions.ask, host, "any");
  return addresses.length > 0;
}
