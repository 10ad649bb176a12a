import { siteOf } from "../../runner/mail-sites/site.js";
import { failureOfOutcome } from "../../runner/net/dns/answer.js";
import { hostWithAddresses, isUncertain, literalHost, routeProblem, type Unanswered, unknownRoute } from "../../runner/net/dns/mail-route.js";
import { type Random, seededRandom } from "../../runner/net/dns/shuffle.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { failure } from "../../schemas/failure.js";
import { domainOf, parseTarget } from "../../schemas/host.js";
import type { MailHost, MailRoute } from "../../schemas/mx.js";
import { type Decision, decisionOf, decisionOfFailure, settle } from "./decide.js";
import type { Ctx, Domain, Question, RcptEvidence } from "./evidence.js";
import type { Input } from "./schema.js";

/** The addresses to ask about at one set of mail hosts. */
export interface SiteBatch {
  readonly site: string;
  /** In the order in which to try them. */
  readonly hosts: readonly MailHost[];
  readonly questions: Question[];
}

/** Resolves each domain, and groups the addresses whose mail goes to the same hosts. */
export async function routeBySite(ctx: Ctx, input: Input, evidence: RcptEvidence, questions: readonly Question[]): Promise<SiteBatch[]> {
  const batches = new Map<string, SiteBatch>();
  const random = seededRandom(evidence.seed);
  const domains = byDomain(questions);
  for (const [name, asked] of domains) {
    const domain = unknownDomain(name);
    evidence.domains.push(domain);
    const found = await findHosts(ctx, input, domain, asked, random);
    if (!found) continue;
    domain.site = siteOf(
      domain.hosts.map(({ host }) => host),
      input.mx_port,
    );
    // Customers of one provider share a site, and each has hosts of its own: another customer's host refuses what it does not serve.
    const key = domains.size === 1 ? "" : hostSet(domain.hosts);
    const batch = batches.get(key) ?? { site: domain.site, hosts: domain.hosts, questions: [] };
    batch.questions.push(...asked);
    batches.set(key, batch);
  }
  return [...batches.values()];
}

/** Hosts of equal preference come in random order. */
function hostSet(hosts: readonly MailHost[]): string {
  const shown = hosts.map(({ host, preference, addresses }) => JSON.stringify([preference, host, addresses.map(({ ip_address: address }) => address).sort()]));
  return shown.sort().join();
}

function byDomain(questions: readonly Question[]): Map<string, Question[]> {
  const domains = new Map<string, Question[]>();
  for (const question of questions) {
    const name = question.result.domain ?? domainOf(question.mailbox.host);
    const own = domains.get(name);
    if (own === undefined) domains.set(name, [question]);
    else own.push(question);
  }
  return domains;
}

export const NOT_ASKED: Domain["catch_all"] = {
  verdict: "unknown",
  asked: false,
  from_cache: false,
  address: null,
  code: null,
  message: null,
  mx_host: null,
  ip_address: null,
};

function unknownDomain(domain: string): Domain {
  return { domain, site: null, route: null, outcome: null, hosts: [], from_cache: false, ttl_s: null, catch_all: NOT_ASKED };
}

/** False if no host can be asked: then the addresses are settled. */
async function findHosts(ctx: Ctx, input: Input, domain: Domain, asked: readonly Question[], random: Random): Promise<boolean> {
  try {
    if (input.mx_host !== undefined) return await givenHost(ctx, input, domain, input.mx_host, asked);
    const host = asked[0]?.mailbox.host;
    // RFC 5321, section 5.1: an address literal is its own mail host.
    if (host?.kind === "address") return await givenHost(ctx, input, domain, host.host, asked);
    return await routed(ctx, input, domain, asked, random);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    for (const question of asked) settle(question, decisionOfFailure(error.failure), null, false);
    return false;
  }
}

async function routed(ctx: Ctx, input: Input, domain: Domain, asked: readonly Question[], random: Random): Promise<boolean> {
  const route = unknownRoute(domain.domain);
  let unanswered: Unanswered;
  try {
    unanswered = await ctx.resolver.mx(route, { family: input.address_family, allowPrivate: input.allow_private_addresses, random }, input);
  } finally {
    Object.assign(domain, { route: route.kind, outcome: route.outcome, hosts: route.hosts, from_cache: route.from_cache, ttl_s: route.ttl_s });
  }
  const decision = decisionOfRoute(route, unanswered, input);
  if (decision === null) return true;
  for (const question of asked) settle(question, decision, null, true);
  return false;
}

/** What name servers alone decide; null if there is a host to ask. */
function decisionOfRoute(route: MailRoute, unanswered: Unanswered, { address_family: family }: Input): Decision | null {
  const problem = routeProblem(route, family, unanswered);
  if (problem === null) return null;
  if (problem.kind === "uncertain") return decisionOfFailure(problem.failure);
  return decisionOf(REASONS[problem.kind], "resolve", "hard_fail", problem.failure);
}

const REASONS = { null_mx: "domain_takes_no_mail", no_such_name: "domain_unknown", no_mail_host: "no_mail_host" } as const;

async function givenHost(ctx: Ctx, input: Input, domain: Domain, written: string, asked: readonly Question[]): Promise<boolean> {
  const host = parseTarget(written);
  if (host === null) throw new Error(`${written} passed the contract and is no host`);
  const mailHost = host.kind === "address" ? literalHost(host.host, input.allow_private_addresses) : await lookedUp(ctx, input, host.host.toLowerCase());
  domain.hosts = [mailHost];
  if (mailHost.addresses.some(({ may_be_dialled: mayBeDialled }) => mayBeDialled)) return true;
  const decision = decisionOfFailure(whyNotDialled(mailHost));
  for (const question of asked) settle(question, decision, null, true);
  return false;
}

function whyNotDialled({ host, addresses, ipv4, ipv6 }: MailHost): ReturnType<typeof failure> {
  const unsure = [ipv4, ipv6].find(isUncertain);
  if (addresses.length > 0)
    return failure("resolve", "not_permitted", `${host} has no address that may be dialled: ${addresses.map((each) => each.ip_address).join(", ")}`);
  return failureOfOutcome(unsure ?? "no_such_name", `the addresses of ${host}`);
}

async function lookedUp(ctx: Ctx, input: Input, name: string): Promise<MailHost> {
  return hostWithAddresses(name, await ctx.resolver.addresses(name, input), input.allow_private_addresses);
}
