import type { DnsOutcome } from "../../../schemas/dns.js";
import type { Failure } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import type { MailAddress, MailHost, MailRoute, MailRouteKind } from "../../../schemas/mx.js";
import { addressUse } from "../transport/address-policy.js";
import type { Answer } from "./answer.js";
import { failureOfAnswer, isCertain, type WithoutAnswer } from "./answer.js";
import { type AddressFamily, type Ask, addressesOf, type HostAddress, type HostAddresses } from "./host-addresses.js";
import { isNullMx, type MailTarget, mailTargets } from "./mail-targets.js";
import type { Random } from "./shuffle.js";

export interface MailRouteOptions {
  readonly family: AddressFamily;
  /** Addresses that are not global may be dialled, too. */
  readonly allowPrivate: boolean;
  readonly random: Random;
}

/** More hosts than any domain needs are listed, and not asked for. */
const MAX_HOSTS = 20;

/** What is known of a domain before anything has been asked. */
export function unknownRoute(domain: string): MailRoute {
  return {
    ascii_domain: domain,
    kind: "unknown",
    outcome: null,
    hosts: [],
    null_mx: false,
    aliases: [],
    ttl_s: null,
    from_cache: false,
    authenticated_data: false,
    name_server: null,
  };
}

/** What name servers said of questions without an answer, by question: `MX example.org`. A route has the outcomes alone. */
export type Unanswered = ReadonlyMap<string, WithoutAnswer>;

/**
 * Finds where mail for a domain goes (RFC 5321, section 5.1): its MX hosts in order, each with its addresses. Everything is
 * written into `route` as soon as it is known, so that it survives the end of the run.
 */
export async function fillRoute(ask: Ask, route: MailRoute, options: MailRouteOptions): Promise<Unanswered> {
  const unanswered = new Map<string, WithoutAnswer>();
  const noting: Ask = async (name, type) => {
    const answer = await ask(name, type);
    if (answer.outcome !== "found" && answer.outcome !== "no_data") unanswered.set(`${type} ${name}`, answer);
    return answer;
  };
  await fill(noting, route, options);
  return unanswered;
}

async function fill(ask: Ask, route: MailRoute, options: MailRouteOptions): Promise<void> {
  const answer = await ask(route.ascii_domain, "MX");
  keepAnswer(route, answer);
  // Only an answer without MX makes the domain its own mail host: a server that fails may be hiding them.
  if (answer.outcome === "no_data") return fillImplicit(ask, route, options);
  const targets = mailTargets(answer.records, options.random);
  route.null_mx = answer.records.some(({ exchange }) => isNullMx(exchange));
  route.hosts = targets.map(unasked);
  route.kind = kindOf(answer, targets, route.null_mx);
  await Promise.all(route.hosts.slice(0, MAX_HOSTS).map((host) => fillHost(ask, host, options)));
}

function keepAnswer(route: MailRoute, answer: Answer<"MX">): void {
  route.outcome = answer.outcome;
  route.aliases = [...answer.aliases];
  route.ttl_s = answer.ttl;
  route.from_cache = answer.fromCache;
  route.authenticated_data = answer.authenticated;
  route.name_server = answer.server;
}

function kindOf({ outcome }: Answer, targets: readonly MailTarget[], hasNullMx: boolean): MailRouteKind {
  if (outcome === "no_such_name") return "none";
  if (outcome !== "found") return "unknown";
  if (targets.length > 0) return "mx";
  return hasNullMx ? "null_mx" : "none";
}

/** The domain is its own mail host if it has an address of either family, even one that the caller does not use. */
async function fillImplicit(ask: Ask, route: MailRoute, options: MailRouteOptions): Promise<void> {
  const host = unasked({ host: route.ascii_domain, preference: 0, problem: null });
  route.hosts = [host];
  await fillHost(ask, host, { ...options, family: "any" });
  if (host.addresses.length > 0) route.kind = "implicit";
  else if (![host.ipv4, host.ipv6].some(isUncertain)) {
    route.kind = "none";
    route.hosts = [];
  }
  if (options.family !== "any") host.addresses = host.addresses.filter(({ ip_address: address }) => address.includes(":") === (options.family === "ipv6"));
}

async function fillHost(ask: Ask, host: MailHost, options: MailRouteOptions): Promise<void> {
  if (host.problem !== null && host.problem !== "not_a_host_name") return;
  Object.assign(host, shownAddresses(await addressesOf(ask, host.host, options.family), options.allowPrivate));
}

/** An address literal is its own mail host (RFC 5321, section 5.1). */
export function literalHost(ipAddress: string, allowPrivate: boolean): MailHost {
  return { ...unasked({ host: ipAddress, preference: 0, problem: null }), addresses: [mailAddress({ address: ipAddress, ttl: null }, allowPrivate)] };
}

/** A mail host named by the caller, with the addresses that name servers know. */
export function hostWithAddresses(host: string, found: HostAddresses, allowPrivate: boolean): MailHost {
  return { ...unasked({ host, preference: 0, problem: null }), ...shownAddresses(found, allowPrivate) };
}

function unasked(target: MailTarget): MailHost {
  const { host, preference, problem } = target;
  return { host, preference, problem, aliases: [], ipv4: null, ipv6: null, authenticated_data: false, addresses: [] };
}

function shownAddresses({ ipv4, ipv6, aliases, authenticated, addresses }: HostAddresses, allowPrivate: boolean): Omit<MailHost, keyof MailTarget> {
  const shown = addresses.map((address) => mailAddress(address, allowPrivate));
  return { aliases: [...aliases], ipv4, ipv6, authenticated_data: authenticated, addresses: shown };
}

function mailAddress({ address, ttl }: Pick<HostAddress, "address" | "ttl">, allowPrivate: boolean): MailAddress {
  const { scope, standard } = addressUse(address);
  return { ip_address: address, ttl_s: ttl, scope, standard, may_be_dialled: scope === "global" || allowPrivate };
}

/**
 * Why a domain has no mail host that can be contacted: it accepts no mail, it does not exist, it has no mail host, or (uncertain) this cannot be
 * determined now.
 */
export interface RouteProblem {
  readonly kind: "null_mx" | "no_such_name" | "no_mail_host" | "uncertain";
  readonly failure: Failure;
}

/** Null if there is an address to try. */
export function routeProblem(route: MailRoute, family: AddressFamily, unanswered: Unanswered): RouteProblem | null {
  const { ascii_domain: domain, kind, outcome } = route;
  if (kind === "null_mx") return { kind, failure: failure("resolve", "dns_not_found", `${domain} accepts no mail: it publishes a null MX (RFC 7505)`) };
  const found = failureOfRoute(route, unanswered);
  if (found === null) return null;
  if (outcome === "no_such_name") return { kind: outcome, failure: found };
  // With one address family only, the other may provide the missing addresses.
  return { kind: found.code === "dns_not_found" && family === "any" ? "no_mail_host" : "uncertain", failure: found };
}

/** Why no mail can be delivered to the domain; null if there is an address to try, and for a domain that accepts none. */
export function failureOfRoute({ ascii_domain: domain, kind, hosts }: MailRoute, unanswered: Unanswered): Failure | null {
  if (kind === "null_mx" || hosts.some(isDiallable)) return null;
  const silent = unanswered.get(`MX ${domain}`);
  if (silent !== undefined) return failureOfAnswer(silent, `MX ${domain}`);
  for (const { host } of hosts) {
    const unsure = ["A", "AAAA"].map((type) => unanswered.get(`${type} ${host}`)).find((answer) => answer !== undefined && !isCertain(answer));
    if (unsure !== undefined) return failureOfAnswer(unsure, `the addresses of ${host}`);
  }
  if (kind === "none") return failure("resolve", "dns_not_found", `${domain} has no mail host: neither MX records nor an address`);
  if (hosts.some(({ addresses }) => addresses.length > 0))
    return failure("resolve", "not_permitted", `no mail host of ${domain} has an address that may be dialled`);
  return failure("resolve", "dns_not_found", `no mail host of ${domain} has an address`);
}

function isDiallable({ addresses }: MailHost): boolean {
  return addresses.some(({ may_be_dialled: mayBeDialled }) => mayBeDialled);
}

export function isUncertain(outcome: DnsOutcome | null): outcome is DnsOutcome {
  return outcome !== null && !isCertain({ outcome });
}
