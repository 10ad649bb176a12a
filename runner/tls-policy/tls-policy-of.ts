import { parseHost } from "../../schemas/host.js";
import type { TlsResult } from "../../schemas/tls-policy.js";
import { dnsName } from "../net/dns/name.js";
import type { Ending } from "../net/dns/single-flight.js";
import { CHOSEN, type DaneFinding, findTlsa, type SecureRoute, secureRoute } from "./dane/look-up.js";
import type { HostTls, PolicyRoute, PolicySources, RequestedTls, TlsPolicy } from "./policy.js";
import { resultOf } from "./result.js";
import type { PolicyFacts } from "./rules/known.js";
import { ruleFor } from "./rules/rule.js";
import type { StsFinding } from "./sts/policy.js";

const SMTP_PORT = 25;
/** More than any domain needs: those that come after wait until it names fewer. */
const MAX_HOSTS = 20;

/**
 * Which TLS a message to a domain is owed at each host of its route: what the operator demands, or else DANE
 * (RFC 7672), or else MTA-STS (RFC 8461), or else whatever TLS there is. The result of the look-ups is in the policy: it rejects
 * only when the delivery that `ending` belongs to has ended.
 */
export async function tlsPolicyOf(route: PolicyRoute, means: PolicySources, { wish = "as_published", ending }: Asked = {}): Promise<TlsPolicy> {
  const domain = asAsked(route.ascii_domain);
  const names = route.hosts.map(({ host }) => asAsked(host));
  const configured = means.configured(domain);
  const usesDane = means.validates && (configured === null ? wish !== "tls_required_no" : configured.level === "dane" || wish === "require_tls");
  const usesSts = route.kind !== "configured" && (configured === null || wish === "require_tls");
  const [dane, sts] = await Promise.all([
    usesDane ? daneOf({ ...route, ascii_domain: domain }, names, means, ending) : withoutDane(route),
    usesSts ? means.findSts(domain, ending) : NO_STS,
  ]);
  const shared = { domain, wish, configured, route: dane.route, sts: sts.policy };
  const hosts = names.map((host) => ruleFor({ ...shared, host, dane: dane.findings.get(host) ?? null } satisfies PolicyFacts));
  return { domain, hosts, problems: [...policyProblems(domain, sts), ...hosts.flatMap(hostProblem)] };
}

interface Asked {
  readonly wish?: RequestedTls;
  readonly ending?: Ending;
}

const NO_STS: StsFinding = { policy: null, problem: null };

/** In lower-case A-labels without the final dot, as in policies and certificates. A relay may be an address. */
function asAsked(written: string): string {
  return parseHost(written)?.host.toLowerCase() ?? dnsName(written) ?? written;
}

interface DaneOf {
  readonly route: SecureRoute | null;
  readonly findings: ReadonlyMap<string, DaneFinding>;
}

/** A configured relay needs no authenticated lookup. */
function withoutDane({ kind }: PolicyRoute): DaneOf {
  return { route: kind === "configured" ? CHOSEN : null, findings: new Map() };
}

async function daneOf(route: PolicyRoute, hosts: readonly string[], means: PolicySources, ending: Ending | undefined): Promise<DaneOf> {
  const ask: typeof means.ask = (name, type) => means.ask(name, type, ending);
  const secure = await secureRoute(ask, route);
  if (secure.kind !== "secure") return { route: secure, findings: new Map() };
  const named = hosts.filter((host) => secure.hosts === null || secure.hosts.has(host));
  const find = (host: string, index: number): Promise<DaneFinding> | DaneFinding =>
    index < MAX_HOSTS
      ? findTlsa(ask, host, route.port ?? SMTP_PORT)
      : { kind: "unknown", name: host, type: "TLSA", reason: `${host} comes after ${MAX_HOSTS} others, and was not asked for` };
  const findings = await Promise.all(named.map(async (host, index) => [host, await find(host, index)] as const));
  return { route: secure, findings: new Map(findings) };
}

function policyProblems(domain: string, { policy, problem }: StsFinding): TlsResult[] {
  if (problem === null) return [];
  const report: HostTls["report"] = { policy_type: "sts", policy_domain: domain, policy_string: [...(policy?.lines ?? [])], mx_host: [...(policy?.mx ?? [])] };
  return [resultOf(report, null, problem)];
}

/** A host that is not dialled has no session to be counted. */
function hostProblem({ outcome, host, violation, report }: HostTls): TlsResult[] {
  return outcome === "use" || violation === null ? [] : [resultOf(report, host, violation)];
}
