import type { RelayInput } from "../../../schemas/delivery.js";
import { FailureError } from "../../run/failure-error.js";
import type { HostTls } from "../../tls-policy/policy.js";
import type { Engine } from "../engine.js";
import type { Order } from "../message/outbound-message.js";
import type { Recipient } from "../message/recipient.js";
import { decisionOfFailure } from "../outcome/decide.js";
import { type Decision, US } from "../outcome/decision.js";
import type { LaneLimits } from "../session/destination-limiter.js";
import { portOf } from "../session/open-relay.js";
import type { Destination } from "./destination.js";
import type { ProviderLimits } from "./providers.js";
import { doorsOf, type Found, isLoop, loopDecision } from "./route.js";
import { keyOfRule, type Rules } from "./tls-policies.js";

/** So long those whose way is known wait for others of their site. */
const GATHERED_MS = 250;

/**
 * Puts those together that go to the same place and brings them there, and settles those that go nowhere. A domain whose name servers or policy
 * host are slow holds up itself: the others go ahead.
 */
export async function atSites(engine: Engine, order: Order, recipients: readonly Recipient[], bring: (site: Destination) => Promise<void>): Promise<void> {
  const byDomain = grouped(recipients);
  const visits: Promise<void>[] = [];
  let places: Places = new Map();
  const setOut = (): void => {
    const found = [...places.values()];
    places = new Map();
    visits.push(...found.map((place) => bring(siteDestination(engine, order, place, engine.sourceFor(order, place.found.site)))));
  };
  const looking = [...byDomain].map(([domain, own]) => findPlace(engine, order, domain, own).then((place) => put(place, places)));
  const timer = byDomain.size > 1 ? setInterval(setOut, GATHERED_MS) : undefined;
  try {
    await Promise.all(looking);
  } finally {
    clearInterval(timer);
    setOut();
    await Promise.all(visits);
  }
}

type Places = Map<string, Place & { readonly recipients: Recipient[] }>;

function put(place: Place | null, places: Places): void {
  if (place === null) return;
  const name = nameOf(place.found, place.rules);
  const there = places.get(name);
  if (there === undefined) places.set(name, { ...place, recipients: [...place.recipients] });
  else there.recipients.push(...place.recipients);
}

/** Null where they are settled. */
async function findPlace(engine: Engine, order: Order, domain: string, recipients: readonly Recipient[]): Promise<Place | null> {
  const found = await engine.routes.find(order, domain, recipients[0]?.mailbox?.host.kind === "address");
  if ("kind" in found) return settle(recipients, found);
  for (const recipient of recipients) recipient.site = found.site;
  if (isLoop(found, order)) return settle(recipients, loopDecision(domain));
  try {
    return { found, rules: await engine.tls.rulesOf(order, domain, found), recipients };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return settle(recipients, decisionOfFailure(error.failure, US));
  }
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

function settle(recipients: readonly Recipient[], decision: Decision): null {
  for (const recipient of recipients) recipient.decision = decision;
  return null;
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
