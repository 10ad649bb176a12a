import type { RelayInput } from "../../../schemas/delivery-settings.js";
import type { SessionPool } from "../../mail-sites/session-pool.js";
import { FailureError } from "../../run/failure-error.js";
import type { HostTls } from "../../tls-policy/policy.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import { type Recipient, settleOpen } from "../message/recipient.js";
import { decisionOfFailure } from "../outcome/decide.js";
import { type Decision, US } from "../outcome/decision.js";
import type { DestinationLimits } from "../session/destination-limiter.js";
import { portOf } from "../session/open-relay.js";
import type { Destination } from "./destination.js";
import { DestinationLimiters } from "./destination-limiters.js";
import type { ProviderLimits } from "./providers.js";
import { endpointsInOrder, isLoop, loopDecision, type ResolvedRoute, Routes } from "./route.js";
import { SourceRotation } from "./source-rotation.js";
import { type DomainTls, keyOfRule, TlsPolicies } from "./tls-policies.js";

/** How long recipients with a known route wait for others of the same site. */
const GATHER_MS = 250;

/** Finds the destinations of recipients. All messages of a process share routes, TLS policies and limits. */
export class DestinationRouter {
  readonly routes = new Routes();
  readonly limiters: DestinationLimiters;
  readonly #tls = new TlsPolicies();
  readonly #sources = new SourceRotation();

  constructor(pool: SessionPool) {
    this.limiters = new DestinationLimiters(pool);
  }

  /**
   * Groups recipients by destination and delivers to each group, and settles those without a destination. A domain with slow name servers or a slow
   * policy host delays only itself.
   */
  async groupByDestination(message: OutboundMessage, recipients: readonly Recipient[], deliver: (site: Destination) => Promise<void>): Promise<void> {
    const byDomain = groupByDomain(recipients);
    const deliveries: Promise<void>[] = [];
    let groups: Groups = new Map();
    const deliverGathered = (): void => {
      const gathered = [...groups.values()];
      groups = new Map();
      deliveries.push(...gathered.map((group) => deliver(this.#siteDestination(message, group, this.#sources.next(message, group.route.site)))));
    };
    const lookUps = [...byDomain].map(([domain, own]) => this.#resolve(message, domain, own).then((group) => gather(group, groups)));
    const timer = byDomain.size > 1 ? setInterval(deliverGathered, GATHER_MS) : undefined;
    try {
      await Promise.all(lookUps);
    } finally {
      clearInterval(timer);
      deliverGathered();
      await Promise.all(deliveries);
    }
  }

  relayDestination(message: OutboundMessage, relay: RelayInput, recipients: readonly Recipient[]): Destination {
    const { settings } = message;
    const port = portOf(relay);
    const sourceAddress = this.#sources.next(message, null);
    return {
      way: "relay",
      site: null,
      limiter: this.limiters.get("relay", `relay ${relay.host}:${port}`, sourceAddress, limitsOf(message, null)),
      sourceAddress,
      endpoints: () => [{ host: relay.host, ipAddress: null, port }],
      hosts: new Set([relay.host]),
      keyOf: () => `relay ${sourceAddress} ${settings.helo_domain} ${serialised(relay)}`,
      tlsOf: () => null,
      policyProblem: null,
      from: null,
      relay,
      recipients,
    };
  }

  close(): void {
    this.#tls.close();
    this.limiters.close();
  }

  /** Null for recipients that are settled here. */
  async #resolve(message: OutboundMessage, domain: string, recipients: readonly Recipient[]): Promise<Group | null> {
    const route = await this.routes.find(message, domain, recipients[0]?.mailbox?.host.kind === "address");
    if ("kind" in route) return settled(recipients, route);
    for (const recipient of recipients) recipient.site = route.site;
    if (isLoop(route, message)) return settled(recipients, loopDecision(domain));
    try {
      return { route, tls: await this.#tls.tlsOf(message, domain, route), recipients };
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      return settled(recipients, decisionOfFailure(error.failure, US));
    }
  }

  #siteDestination(message: OutboundMessage, group: Group, sourceAddress: string | null): Destination {
    const { settings } = message;
    const { route, tls, recipients } = group;
    const tlsOf = (host: string): HostTls => tls.rules.get(host) as HostTls;
    return {
      way: "direct",
      site: route.site,
      limiter: this.limiters.get("direct", route.site, sourceAddress, limitsOf(message, route.provider)),
      sourceAddress,
      endpoints: () => endpointsInOrder(route, message),
      hosts: route.names,
      keyOf: (host) => `direct ${sourceAddress} ${settings.helo_domain} ${settings.tls.ca ?? ""} ${keyOfRule(tlsOf(host))}`,
      tlsOf,
      policyProblem: tls.problem,
      from: (another, some) => this.#siteDestination(message, { ...group, recipients: some }, another),
      relay: null,
      recipients,
    };
  }
}

interface Group {
  readonly route: ResolvedRoute;
  readonly tls: DomainTls;
  readonly recipients: readonly Recipient[];
}

type Groups = Map<string, Group & { readonly recipients: Recipient[] }>;

function gather(group: Group | null, groups: Groups): void {
  if (group === null) return;
  const key = keyOf(group);
  const known = groups.get(key);
  if (known === undefined) groups.set(key, { ...group, recipients: [...group.recipients] });
  else known.recipients.push(...group.recipients);
}

/** Domains share a transaction only if they name the same hosts and require the same TLS: other customers of a site may differ. */
function keyOf({ route: { site, names }, tls: { rules, problem } }: Group): string {
  return `${site} ${[...names].sort().join(" ")} ${[...rules.values()].map(keyOfRule).join(" ")} ${problem}`;
}

function settled(recipients: readonly Recipient[], decision: Decision): null {
  settleOpen(recipients, decision);
  return null;
}

function groupByDomain(recipients: readonly Recipient[]): Map<string, Recipient[]> {
  const domains = new Map<string, Recipient[]>();
  for (const recipient of recipients) {
    const domain = recipient.domain as string;
    const own = domains.get(domain);
    if (own === undefined) domains.set(domain, [recipient]);
    else own.push(recipient);
  }
  return domains;
}

/** The lower of the requested limit and the known limit of the provider. */
function limitsOf({ settings: { limits } }: OutboundMessage, provider: ProviderLimits | null): DestinationLimits {
  return {
    sessions: Math.min(limits.sessions_per_site, provider?.sessions ?? Number.POSITIVE_INFINITY),
    messagesPerSession: Math.min(limits.messages_per_session, provider?.messagesPerSession ?? Number.POSITIVE_INFINITY),
    messagesPerMinute: limits.messages_per_minute ?? null,
  };
}

/** All messages of a service share its relay objects, so each is serialised once. */
const serialisedRelays = new WeakMap<RelayInput, string>();

function serialised(relay: RelayInput): string {
  const known = serialisedRelays.get(relay) ?? JSON.stringify(relay);
  serialisedRelays.set(relay, known);
  return known;
}
