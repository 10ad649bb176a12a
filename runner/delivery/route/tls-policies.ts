import type { DeliverySettings } from "../../../schemas/delivery.js";
import type { MailRoute } from "../../../schemas/mx.js";
import type { TlsInput } from "../../../schemas/tls.js";
import { systemServers } from "../../net/dns/system-servers.js";
import type { ConfiguredTls, HostTls, TlsMeans, TlsWish } from "../../tls-policy/policy.js";
import { openTlsMeans } from "../../tls-policy/policy-sources.js";
import { tlsPolicyOf } from "../../tls-policy/tls-policy-of.js";
import type { Order } from "../message/outbound-message.js";
import type { Found } from "./route.js";

/** What each host of a domain is owed. */
export type Rules = ReadonlyMap<string, HostTls>;

/** The TLS policies of domains, as whoever runs the delivery and the domains themselves want them. */
export class TlsPolicies {
  readonly #means = new Map<string, TlsMeans>();
  /** By what is wanted; forgotten with the route. */
  readonly #known = new WeakMap<Found, Map<string, Rules>>();

  /** Each order asks for itself as long as they are not known: one that ends early must not end the asking of others. Rejects with its run's end. */
  async rulesOf(order: Order, domain: string, found: Found): Promise<Rules> {
    const { mode, verify, dane, mta_sts: sts, min_version: oldest, policy_port: port, ca = "" } = order.manners.tls;
    const wanted = [wishOf(order), mode, verify, dane, sts, oldest, port, domain, ca].join(" ");
    const known = this.#known.get(found)?.get(wanted);
    if (known !== undefined) return known;
    const rules = await this.#ask(order, domain, found);
    const all = this.#known.get(found) ?? new Map<string, Rules>();
    this.#known.set(found, all.set(wanted, rules));
    return rules;
  }

  close(): void {
    for (const means of this.#means.values()) means.close();
    this.#means.clear();
  }

  async #ask(order: Order, domain: string, { hosts, route }: Found): Promise<Rules> {
    const { tls, mx_port: port } = order.manners;
    const kind: MailRoute["kind"] | "configured" = route?.kind ?? "configured";
    const policy = await tlsPolicyOf({ ascii_domain: domain, kind, hosts, port }, this.#meansFor(order), {
      wish: wishOf(order),
      ending: order.run.deadline,
    });
    return new Map(policy.hosts.map((rule) => [rule.host, { ...rule, minVersion: stricter(rule, tls) }]));
  }

  /** One for all that ask the same servers; what an order demands itself is its own. */
  #meansFor({ manners: { tls, resolver, allow_private_addresses: allowPrivate } }: Order): TlsMeans {
    const key = `${tls.policy_port} ${allowPrivate} ${tls.ca ?? ""} ${resolver?.servers.join(" ") ?? ""}`;
    let shared = this.#means.get(key);
    if (shared === undefined) {
      shared = openTlsMeans({
        validates: true,
        file: process.env.PROBE_RUN_TLS_POLICIES || null,
        policyPort: tls.policy_port,
        allowPrivate,
        ...(resolver === undefined ? {} : { servers: resolver.servers }),
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      });
      this.#means.set(key, shared);
    }
    const configured = configuredTls(tls);
    return {
      ...shared,
      validates: tls.dane === "on" || (tls.dane === "auto" && areOurOwn(resolver?.servers)),
      findSts: tls.mta_sts ? shared.findSts : () => Promise.resolve({ policy: null, problem: null }),
      configured: () => configured,
    };
  }
}

/** Who asks for TLS and says that it need not be gets it (RFC 8689, section 4.2.1). */
function wishOf({ requireTls, mail }: Order): TlsWish {
  if (requireTls) return "require_tls";
  return mail.needsNoTls ? "tls_required_no" : "as_published";
}

/** Null where it is left to what domains publish. */
function configuredTls({ mode, verify }: DeliverySettings["tls"]): ConfiguredTls | null {
  if (mode === "none") return { level: "none" };
  if (verify === "require") return { level: "verify", names: "host" };
  return mode === "starttls" ? { level: "encrypt" } : null;
}

/** Between this machine and itself nobody can say of an answer that it was authenticated. */
function areOurOwn(servers: readonly string[] = systemServers().map(({ text }) => text)): boolean {
  return servers.length > 0 && servers.every((server) => /^(127\.|\[?::1\]?(:|$))/.test(server));
}

/** The input may ask for more than the rule does; only where nobody demands TLS is the oldest better than none. */
function stricter({ level, minVersion }: HostTls, { min_version: asked }: DeliverySettings["tls"]): TlsInput["min_version"] {
  return level === "may" || minVersion > asked ? minVersion : asked;
}

/** Sessions are shared only by those whose demands are the same. */
export function keyOfRule({ level, source, minVersion, referenceNames, tlsa, fingerprints, requireTls, servername }: HostTls): string {
  if (level === "none" || level === "may") return level;
  const records = tlsa.map(
    ({ usage, selector, matchingType, certificate }) => `${usage} ${selector} ${matchingType} ${Buffer.from(certificate).toString("hex")}`,
  );
  return JSON.stringify([level, source, minVersion, referenceNames, records, fingerprints, requireTls, servername]);
}
