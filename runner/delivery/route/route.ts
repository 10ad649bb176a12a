import type { MailHost, MailRoute } from "../../../schemas/mx.js";
import { endpointsOf, type MailHostEndpoint } from "../../mail-sites/endpoint.js";
import { siteOf } from "../../mail-sites/site.js";
import { literalHost, type RouteProblem, routeProblem, type Unanswered, unknownRoute } from "../../net/dns/mail-route.js";
import { shuffled } from "../../net/dns/shuffle.js";
import { monotonic } from "../../run/clock.js";
import { FailureError } from "../../run/failure-error.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import { decidedHere, decisionOfFailure } from "../outcome/decide.js";
import { type Decision, NAME_SERVERS, US } from "../outcome/decision.js";
import { ownAddresses, ownNames } from "./own-names.js";
import { type ProviderLimits, providerOf } from "./providers.js";

/** The mail route of a domain, as far as a delivery needs it. */
export interface ResolvedRoute {
  readonly site: string;
  readonly hosts: readonly MailHost[];
  readonly names: ReadonlySet<string>;
  /** The large receiver that the hosts belong to; null for any other. */
  readonly provider: ProviderLimits | null;
  readonly route: MailRoute | null;
}

/** A route is cached no longer than its records are valid, and no longer than this: a DNS query is cheap. */
const CACHED_MS = 60_000;
const MAX_KNOWN = 50_000;

/** Caches routes: with thousands of messages, each costs one look-up in a map. */
export class Routes {
  lookUps = 0;
  cacheHits = 0;
  readonly #known = new Map<string, { readonly until: number; readonly found: ResolvedRoute | Decision }>();

  get size(): number {
    return this.#known.size;
  }

  /** The route of the domain, or the decision for all its recipients. */
  find(message: OutboundMessage, domain: string, isLiteral: boolean): ResolvedRoute | Decision | Promise<ResolvedRoute | Decision> {
    if (isLiteral) return literalRoute(message, domain);
    const key = keyOf(message, domain);
    const known = this.#known.get(key);
    if (known !== undefined && known.until > monotonic() && message.settings.cache !== "off" && message.settings.cache !== "refresh") {
      this.cacheHits += 1;
      return known.found;
    }
    this.lookUps += 1;
    return this.#ask(message, domain, key);
  }

  async #ask(message: OutboundMessage, domain: string, key: string): Promise<ResolvedRoute | Decision> {
    const route = unknownRoute(domain);
    const { address_family: family, allow_private_addresses: allowPrivate } = message.settings;
    let unanswered: Unanswered;
    try {
      unanswered = await message.resolver.mx(route, { family, allowPrivate, random: message.random }, message.settings);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      return decisionOfFailure(error.failure, US);
    }
    const found = judged(route, unanswered, message);
    if (route.ttl_s !== null && message.settings.cache !== "off") this.#keep(key, found, route.ttl_s);
    return found;
  }

  #keep(key: string, found: ResolvedRoute | Decision, ttlSeconds: number): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, { until: monotonic() + Math.min(CACHED_MS, ttlSeconds * 1000), found });
  }
}

function keyOf({ settings }: OutboundMessage, domain: string): string {
  const { address_family: family, allow_private_addresses: allowPrivate, resolver, mx_port: port } = settings;
  return `${domain} ${family} ${allowPrivate} ${port} ${resolver?.servers.join(" ") ?? ""}`;
}

function judged(route: MailRoute, unanswered: Unanswered, { settings }: OutboundMessage): ResolvedRoute | Decision {
  const problem = routeProblem(route, settings.address_family, unanswered);
  if (problem === null) {
    const { hosts } = route;
    const names = hosts.map(({ host }) => host);
    return { site: siteOf(names, settings.mx_port), hosts, names: new Set(names), provider: providerOf(names), route };
  }
  const { kind, failure } = problem;
  if (kind === "uncertain") return decisionOfFailure(failure, failure.code === "not_permitted" ? US : NAME_SERVERS);
  return { ...decidedHere("refused", "address", "resolve", "dns_not_found", failure.message, NAME_SERVERS), enhancedCode: ENHANCED_CODES[kind] };
}

/** RFC 7505, section 5; RFC 3463, sections 3.2 and 3.5. */
const ENHANCED_CODES: Readonly<Record<Exclude<RouteProblem["kind"], "uncertain">, string>> = {
  null_mx: "5.1.10",
  no_such_name: "5.1.2",
  no_mail_host: "5.4.4",
};

function literalRoute({ settings }: OutboundMessage, address: string): ResolvedRoute | Decision {
  const host = literalHost(address, settings.allow_private_addresses);
  const [only] = host.addresses;
  if (only?.may_be_dialled !== true) {
    return decidedHere("failed", "configuration", "resolve", "not_permitted", `${address} may not be dialled: its scope is ${only?.scope}`, US);
  }
  return { site: siteOf([address], settings.mx_port), hosts: [host], names: new Set([address]), provider: null, route: null };
}

/**
 * All addresses in the order of attempts: the lowest preference first, equal ones in a new random order each time, the addresses of a host together
 * (RFC 5321, section 5.1). If this machine is one of the hosts, it and all hosts that are not better are left out.
 */
export function endpointsInOrder({ hosts }: ResolvedRoute, { settings, random }: OutboundMessage): MailHostEndpoint[] {
  const inOrder = [...new Set(hosts.map(({ preference }) => preference))]
    .sort((a, b) => a - b)
    .flatMap((preference) =>
      shuffled(
        hosts.filter((host) => host.preference === preference),
        random,
      ),
    );
  const limit = ourPreference(hosts, settings.helo_domain);
  return endpointsOf(
    inOrder.filter(({ preference }) => preference < limit),
    settings.mx_port,
  );
}

/** This machine is one of the hosts and none is better, so the message would loop. */
export function isLoop({ hosts }: ResolvedRoute, { settings }: OutboundMessage): boolean {
  const limit = ourPreference(hosts, settings.helo_domain);
  return limit !== Number.POSITIVE_INFINITY && hosts.every(({ preference }) => preference >= limit);
}

/** Infinite if none of them is this machine. */
function ourPreference(hosts: readonly MailHost[], heloDomain: string | null): number {
  const names = ownNames(heloDomain);
  const addresses = ownAddresses();
  let limit = Number.POSITIVE_INFINITY;
  for (const { host, addresses: its, preference } of hosts) {
    if (preference < limit && (names.has(host) || its.some(({ ip_address: address }) => addresses.has(address)))) limit = preference;
  }
  return limit;
}

export function loopDecision(domain: string): Decision {
  const words = `mail loop: the mail host of ${domain} is this machine, which does not accept its mail`;
  return { ...decidedHere("refused", "routing", "resolve", "not_permitted", words, US), enhancedCode: "5.4.6" };
}
