import type { RelayInput } from "../../schemas/delivery.js";
import type { HostTls } from "../net/tls-policy/policy.js";
import type { Decision } from "./decision.js";
import type { Destination } from "./destination.js";
import type { Engine } from "./engine.js";
import type { LaneLimits } from "./lane.js";
import { portOf } from "./open-relay.js";
import type { Order } from "./order.js";
import type { ProviderLimits } from "./providers.js";
import type { Recipient } from "./recipient.js";
import { doorsOf, type Found, isLoop, loopDecision } from "./route.js";
import { keyOfRule, type Rules } from "./tls-policies.js";

/** Puts those together that go to the same place, and settles those that go nowhere. */
export async function findSites(engine: Engine, order: Order, recipients: readonly Recipient[]): Promise<Destination[]> {
  const byDomain = grouped(recipients);
  const places = new Map<string, Place & { readonly recipients: Recipient[] }>();
  await Promise.all(
    [...byDomain].map(async ([domain, own]) => {
      const found = await engine.routes.find(order, domain, own[0]?.mailbox?.host.kind === "address");
      if ("kind" in found) return settle(own, found);
      for (const recipient of own) recipient.site = found.site;
      if (isLoop(found, order)) return settle(own, loopDecision(domain));
      const rules = await engine.tls.rulesOf(order, domain, found);
      const name = nameOf(found, rules);
      const there = places.get(name);
      if (there === undefined) places.set(name, { found, rules, recipients: [...own] });
      else there.recipients.push(...own);
    }),
  );
  return [...places.values()].map((place) => siteDestination(engine, order, place, engine.sourceFor(order, place.found.site)));
}

interface Place {
  readonly found: Found;
  readonly rules: Rules;
  readonly recipients: readonly Recipient[];
}

function grouped(recipients: readonly Recipient[]): Map<string, Recipient[]> {
  const domains = new Map<string, Recipient[]>();
  for (const recipient of recipients) {
    const domain = recipient.domain as string;
    const own = domains.get(domain);
    if (own === undefined) domains.set(domain, [recipient]);
    else own.push(recipient);
  }
  return domains;
}

/** Domains share a transaction where they name the very same hosts, and demand the same TLS of them: a site's other customers may have others. */
function nameOf({ site, names }: Found, rules: Rules): string {
  return `${site} ${[...names].sort().join(" ")} ${[...rules.values()].map(keyOfRule).join(" ")}`;
}

function settle(recipients: readonly Recipient[], decision: Decision): void {
  for (const recipient of recipients) recipient.decision = decision;
}

function siteDestination(engine: Engine, order: Order, place: Place, sourceAddress: string | null): Destination {
  const { manners } = order;
  const { found, rules, recipients } = place;
  const ruleOf = (host: string): HostTls => rules.get(host) as HostTls;
  return {
    way: "direct",
    site: found.site,
    lane: engine.lane(`${found.site}${sourceAddress === null ? "" : ` from ${sourceAddress}`}`, limitsOf(order, found.provider)),
    sourceAddress,
    doors: () => doorsOf(found, order),
    hosts: found.names,
    keyOf: (host) => `direct ${sourceAddress} ${manners.helo_domain} ${manners.tls.ca ?? ""} ${keyOfRule(ruleOf(host))}`,
    ruleOf,
    from: (another, some) => siteDestination(engine, order, { ...place, recipients: some }, another),
    relay: null,
    recipients,
  };
}

/** The least of what is asked for and what the provider is known to want. */
function limitsOf({ manners: { limits } }: Order, provider: ProviderLimits | null): LaneLimits {
  return {
    sessions: Math.min(limits.sessions_per_site, provider?.sessions ?? Number.POSITIVE_INFINITY),
    messagesPerSession: Math.min(limits.messages_per_session, provider?.messagesPerSession ?? Number.POSITIVE_INFINITY),
    messagesPerMinute: limits.messages_per_minute ?? null,
  };
}

export function relayDestination(engine: Engine, order: Order, relay: RelayInput, recipients: readonly Recipient[]): Destination {
  const { manners } = order;
  const port = portOf(relay);
  const sourceAddress = engine.sourceFor(order, null);
  const name = `${relay.host}:${port}`;
  return {
    way: "relay",
    site: null,
    lane: engine.lane(`relay ${name}${sourceAddress === null ? "" : ` from ${sourceAddress}`}`, limitsOf(order, null)),
    sourceAddress,
    doors: () => [{ host: relay.host, ipAddress: null, port }],
    hosts: new Set([relay.host]),
    keyOf: () => `relay ${sourceAddress} ${manners.helo_domain} ${writtenOf(relay)}`,
    ruleOf: () => null,
    from: null,
    relay,
    recipients,
  };
}

/** The same for all messages of a service, which have the very same relays. */
const written = new WeakMap<RelayInput, string>();

function writtenOf(relay: RelayInput): string {
  const known = written.get(relay) ?? JSON.stringify(relay);
  written.set(relay, known);
  return known;
}
