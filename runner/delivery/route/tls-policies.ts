import type { DeliverySettings } from "../../../schemas/delivery-settings.js";
import type { MailRoute } from "../../../schemas/mx.js";
import type { TlsInput } from "../../../schemas/tls.js";
import type { TlsResultType } from "../../../schemas/tls-policy.js";
import { systemServers } from "../../net/dns/system-servers.js";
import { requirePermittedServers } from "../../net/transport/permitted.js";
import type { ConfiguredTls, HostTls, PolicySources, RequestedTls } from "../../tls-policy/policy.js";
import { openPolicySources } from "../../tls-policy/policy-sources.js";
import { tlsPolicyOf } from "../../tls-policy/tls-policy-of.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import type { ResolvedRoute } from "./route.js";

/** The TLS required for each host of a domain. */
export interface DomainTls {
  readonly rules: ReadonlyMap<string, HostTls>;
  /** The error of the domain's policy, such as a policy file that could not be fetched; null if there was none. */
  readonly problem: TlsResultType | null;
}

/** The TLS policies of domains, as configured and as published. */
export class TlsPolicies {
  readonly #sources = new Map<string, PolicySources>();
  /** By name servers; expires with the route. */
  readonly #known = new WeakMap<ResolvedRoute, Map<string, DomainTls>>();

  /** Each message waits for itself until they are known: a run that ends early must not cancel the look-ups of others. Rejects when its run ends. */
  async tlsOf(message: OutboundMessage, domain: string, route: ResolvedRoute): Promise<DomainTls> {
    const { mode, verify, dane, mta_sts: sts, min_version: oldest, policy_port: port, ca = "" } = message.settings.tls;
    const wanted = [wishOf(message), mode, verify, dane, sts, oldest, port, domain, ca].join(" ");
    const known = this.#known.get(route)?.get(wanted);
    if (known !== undefined) return known;
    const found = await this.#lookUp(message, domain, route);
    const all = this.#known.get(route) ?? new Map<string, DomainTls>();
    this.#known.set(route, all.set(wanted, found));
    return found;
  }

  close(): void {
    for (const sources of this.#sources.values()) sources.close();
    this.#sources.clear();
  }

  async #lookUp(message: OutboundMessage, domain: string, { hosts, route }: ResolvedRoute): Promise<DomainTls> {
    const { tls, mx_port: port, resolver } = message.settings;
    requirePermittedServers(message.run, resolver?.servers);
    const kind: MailRoute["kind"] | "configured" = route?.kind ?? "configured";
    const policy = await tlsPolicyOf({ ascii_domain: domain, kind, hosts, port }, this.#sourcesFor(message), {
      wish: wishOf(message),
      ending: message.run.deadline,
    });
    return {
      rules: new Map(policy.hosts.map((rule) => [rule.host, { ...rule, minVersion: stricter(rule, tls) }])),
      problem: policy.problems.find(({ receiving_mx_hostname: host }) => host === null)?.result_type ?? null,
    };
  }

  /** Shared by all messages with the same name servers; the requirements of a message are its own. */
  #sourcesFor({ run: { targets }, settings: { tls, resolver, allow_private_addresses: allowPrivate } }: OutboundMessage): PolicySources {
    const key = `${tls.policy_port} ${allowPrivate} ${tls.ca ?? ""} ${resolver?.servers.join(" ") ?? ""} ${targets?.policy.key ?? ""}`;
    let shared = this.#sources.get(key);
    if (shared === undefined) {
      shared = openPolicySources({
        validates: true,
        file: process.env.PROBE_RUN_TLS_POLICIES || null,
        policyPort: tls.policy_port,
        allowPrivate,
        ...(targets === null ? {} : { mayConnect: (address) => targets.policy.refusalOf(address, null) === null }),
        ...(resolver === undefined ? {} : { servers: resolver.servers }),
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      });
      this.#sources.set(key, shared);
    }
    const configured = configuredTls(tls);
    return {
      ...shared,
      validates: tls.dane === "on" || (tls.dane === "auto" && areLocal(resolver?.servers)),
      findSts: tls.mta_sts ? shared.findSts : () => Promise.resolve({ policy: null, problem: null }),
      configured: () => configured,
    };
  }
}

/** A message that requires TLS but also says that it may go without gets TLS (RFC 8689, section 4.2.1). */
function wishOf({ requireTls, prepared }: OutboundMessage): RequestedTls {
  if (requireTls) return "require_tls";
  return prepared.needsNoTls ? "tls_required_no" : "as_published";
}

/** Null if the published policies decide. */
function configuredTls({ mode, verify }: DeliverySettings["tls"]): ConfiguredTls | null {
  if (mode === "none") return { level: "none" };
  if (verify === "require") return { level: "verify", names: "host" };
  return mode === "starttls" ? { level: "encrypt" } : null;
}

/** On this machine, nothing can forge an authenticated answer. */
function areLocal(servers: readonly string[] = systemServers().map(({ text }) => text)): boolean {
  return servers.length > 0 && servers.every((server) => /^(127\.|\[?::1\]?(:|$))/.test(server));
}

/** The settings may be stricter than the rule. Without a rule, the oldest version is better than no TLS, unless the settings require another. */
function stricter({ minVersion }: HostTls, { min_version: asked }: DeliverySettings["tls"]): TlsInput["min_version"] {
  return asked !== undefined && asked > minVersion ? asked : minVersion;
}

/** Sessions are shared only by messages with the same requirements. */
export function keyOfRule({ level, source, minVersion, referenceNames, tlsa, fingerprints, requireTls, servername }: HostTls): string {
  if (level === "none" || level === "may") return `${level} ${minVersion}`;
  const records = tlsa.map(
    ({ usage, selector, matchingType, certificate }) => `${usage} ${selector} ${matchingType} ${Buffer.from(certificate).toString("hex")}`,
  );
  return JSON.stringify([level, source, minVersion, referenceNames, records, fingerprints, requireTls, servername]);
}
