import type { MailHost, MailRoute } from "../../../schemas/mx.js";
import { siteOf } from "../../mail-sites/site.js";
import { failureOfRoute, unknownRoute } from "../../net/dns/mail-route.js";
import { shuffled } from "../../net/dns/shuffle.js";
import { addressUse } from "../../net/transport/address-policy.js";
import { monotonic } from "../../run/clock.js";
import { FailureError } from "../../run/failure-error.js";
import type { Order } from "../message/outbound-message.js";
import { decidedHere, decisionOfFailure } from "../outcome/decide.js";
import { type Decision, NAME_SERVERS, US } from "../outcome/decision.js";
import type { Door } from "../session/pooled-session.js";
import { ownAddresses, ownNames } from "./own-names.js";
import { type ProviderLimits, providerOf } from "./providers.js";

/** Where a domain's mail goes, as far as a delivery has to know. */
export interface Found {
  readonly site: string;
  readonly hosts: readonly MailHost[];
  readonly names: ReadonlySet<string>;
  /** Whose hosts they are, where they are a large receiver's. */
  readonly provider: ProviderLimits | null;
  readonly route: MailRoute | null;
}

/** A route is believed no longer than its records, and no longer than this: name servers are cheap to ask. */
const BELIEVED_MS = 60_000;
const MOST_KNOWN = 50_000;

/** The routes that are known, for messages that come by the thousand: finding one again takes a look into a map. */
export class Routes {
  lookUps = 0;
  cacheHits = 0;
  readonly #known = new Map<string, { readonly until: number; readonly found: Found | Decision }>();

  get size(): number {
    return this.#known.size;
  }

  /** Where the domain's mail goes, or what is decided of all its recipients. */
  find(order: Order, domain: string, isLiteral: boolean): Found | Decision | Promise<Found | Decision> {
    if (isLiteral) return foundLiteral(order, domain);
    const key = keyOf(order, domain);
    const known = this.#known.get(key);
    if (known !== undefined && known.until > monotonic() && order.manners.cache !== "off" && order.manners.cache !== "refresh") {
      this.cacheHits += 1;
      return known.found;
    }
    this.lookUps += 1;
    return this.#ask(order, domain, key);
  }

  async #ask(order: Order, domain: string, key: string): Promise<Found | Decision> {
    const route = unknownRoute(domain);
    const { address_family: family, allow_private_addresses: allowPrivate } = order.manners;
    try {
      await order.resolver.mx(route, { family, allowPrivate, random: order.random }, order.manners);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      return decisionOfFailure(error.failure, US);
    }
    const found = judged(route, order);
    if (route.ttl_s !== null && order.manners.cache !== "off") this.#keep(key, found, route.ttl_s);
    return found;
  }

  #keep(key: string, found: Found | Decision, ttlSeconds: number): void {
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(key, { until: monotonic() + Math.min(BELIEVED_MS, ttlSeconds * 1000), found });
  }
}

function keyOf({ manners }: Order, domain: string): string {
  const { address_family: family, allow_private_addresses: allowPrivate, resolver, mx_port: port } = manners;
  return `${domain} ${family} ${allowPrivate} ${port} ${resolver?.servers.join(" ") ?? ""}`;
}

function judged(route: MailRoute, { manners }: Order): Found | Decision {
  const { ascii_domain: domain, kind, outcome, hosts } = route;
  if (kind === "null_mx") {
    const words = `${domain} says with a null MX that it takes no mail (RFC 7505)`;
    return { ...decidedHere("refused", "address", "resolve", "dns_not_found", words, NAME_SERVERS), enhancedCode: "5.1.10" };
  }
  const broken = failureOfRoute(route);
  if (broken === null) {
    const names = hosts.map(({ host }) => host);
    return { site: siteOf(names, manners.mx_port), hosts, names: new Set(names), provider: providerOf(names), route };
  }
  if (outcome === "no_such_name")
    return { ...decidedHere("refused", "address", "resolve", "dns_not_found", broken.message, NAME_SERVERS), enhancedCode: "5.1.2" };
  // With one family only, the other may have what is missing.
  if (broken.code === "dns_not_found" && manners.address_family === "any") {
    return { ...decidedHere("refused", "address", "resolve", "dns_not_found", broken.message, NAME_SERVERS), enhancedCode: "5.4.4" };
  }
  return decisionOfFailure(broken, broken.code === "not_permitted" ? US : NAME_SERVERS);
}

function foundLiteral({ manners }: Order, address: string): Found | Decision {
  const { scope, standard } = addressUse(address);
  if (scope !== "global" && !manners.allow_private_addresses) {
    return decidedHere("failed", "configuration", "resolve", "not_permitted", `${address} is no address that may be dialled (${scope})`, US);
  }
  const host: MailHost = {
    host: address,
    preference: 0,
    problem: null,
    aliases: [],
    ipv4: null,
    ipv6: null,
    authenticated_data: false,
    addresses: [{ ip_address: address, ttl_s: null, scope, standard, may_be_dialled: true }],
  };
  return { site: siteOf([address], manners.mx_port), hosts: [host], names: new Set([address]), provider: null, route: null };
}

/**
 * Every address in the order in which to try it: the lowest preference first, equal ones in a new random order each time, a host's addresses
 * together (RFC 5321, section 5.1). Where this machine is one of the hosts, it and all that are not better are left out.
 */
export function doorsOf({ hosts }: Found, { manners, random }: Order): Door[] {
  const inOrder = [...new Set(hosts.map(({ preference }) => preference))]
    .sort((a, b) => a - b)
    .flatMap((preference) =>
      shuffled(
        hosts.filter((host) => host.preference === preference),
        random,
      ),
    );
  const limit = ourPreference(hosts, manners.helo_domain);
  return inOrder
    .filter(({ preference }) => preference < limit)
    .flatMap(({ host, addresses }) =>
      addresses.filter((each) => each.may_be_dialled).map(({ ip_address: ipAddress }) => ({ host, ipAddress, port: manners.mx_port })),
    );
}

/** None of its hosts is better than this machine, which is one of them: the message would come back. */
export function isLoop({ hosts }: Found, { manners }: Order): boolean {
  const limit = ourPreference(hosts, manners.helo_domain);
  return limit !== Number.POSITIVE_INFINITY && hosts.every(({ preference }) => preference >= limit);
}

/** Infinite where none of them is this machine. */
function ourPreference(hosts: readonly MailHost[], heloDomain: string | null): number {
  const names = ownNames(heloDomain);
  const addresses = ownAddresses();
  let limit = Number.POSITIVE_INFINITY;
  for (const { host, addresses: its, preference } of hosts) {
    if (preference < limit && (names.has(host) || its.some(({ ip_address: address }) => addresses.has(address)))) limit = preference;
  }
  return limit;
}

/** Nobody but ourselves is named: the message would come back. */
export function loopDecision(domain: string): Decision {
  const words = `the mail host of ${domain} is this machine, which does not take its mail: the message would go in a circle`;
  return { ...decidedHere("refused", "routing", "resolve", "not_permitted", words, US), enhancedCode: "5.4.6" };
}
