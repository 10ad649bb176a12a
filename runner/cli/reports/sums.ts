import type { DomainReport, ReportSource, TlsPolicyReport } from "../../../schemas/domain-report.js";

type Messages = NonNullable<DomainReport["messages"]>;

/** Sources of one domain that are kept apart; the messages of further ones are in the totals only. */
const MAX_SOURCES = 100_000;
const MAX_NAMES = 50;

/** One source over all reports about a domain. */
export interface SourceSum {
  readonly ip: string;
  messages: number;
  pass: number;
  fail: number;
  spf_aligned: number;
  dkim_aligned: number;
  delivered: number;
  quarantined: number;
  rejected: number;
  readonly header_from: string[];
  /** Domains for which SPF or DKIM passed, aligned or not: by them, a service can be recognised. */
  readonly authenticated: string[];
  readonly overrides: Record<string, number>;
  readonly receivers: string[];
}

/** Failed TLS sessions of one type at one mail host. */
export interface TlsFailureSum {
  readonly type: string;
  readonly mail_host: string | null;
  sessions: number;
  readonly receivers: string[];
}

export interface DomainSum {
  readonly domain: string;
  begin: string | null;
  end: string | null;
  reports: number;
  tls_reports: number;
  readonly receivers: string[];
  /** Published policies that the receivers found, newest last. */
  readonly policies: string[];
  readonly messages: Messages;
  readonly sources: Map<string, SourceSum>;
  readonly tls: { successful: number; failed: number; readonly failures: Map<string, TlsFailureSum> };
}

/** Many reports, summed up by domain. A report that came twice, as to two addresses, counts once. */
export class ReportSums {
  readonly domains = new Map<string, DomainSum>();
  readonly #seen = new Set<string>();

  /** False for a report that is counted already. */
  add(report: DomainReport): boolean {
    const identity = JSON.stringify([report.kind, report.receiver.name, report.report_id, report.domain, report.begin]);
    if (report.report_id !== null && this.#seen.has(identity)) return false;
    this.#seen.add(identity);
    if (report.kind === "dmarc") this.#addAggregate(report);
    else this.#addTls(report);
    return true;
  }

  #addAggregate(report: DomainReport): void {
    const sum = this.#domainOf(report, report.domain);
    sum.reports += 1;
    const policy = report.policy?.p ?? null;
    if (policy !== null) addName(sum.policies, policy);
    for (const name of Object.keys(sum.messages) as (keyof Messages)[]) sum.messages[name] += report.messages?.[name] ?? 0;
    for (const source of report.sources) addSource(sum, source, report.receiver.name);
  }

  /** One report may have policies of several domains. */
  #addTls(report: DomainReport): void {
    const counted = new Set<DomainSum>();
    for (const policy of report.tls?.policies ?? []) {
      const sum = this.#domainOf(report, policy.domain ?? report.domain);
      if (!counted.has(sum)) sum.tls_reports += 1;
      counted.add(sum);
      addTlsPolicy(sum, policy, report.receiver.name);
    }
  }

  #domainOf({ begin, end, receiver }: DomainReport, domain: string | null): DomainSum {
    const name = domain ?? "(no domain)";
    const sum = this.domains.get(name) ?? emptySum(name);
    this.domains.set(name, sum);
    if (begin !== null && (sum.begin === null || begin < sum.begin)) sum.begin = begin;
    if (end !== null && (sum.end === null || end > sum.end)) sum.end = end;
    addName(sum.receivers, receiver.name);
    return sum;
  }
}

function emptySum(domain: string): DomainSum {
  return {
    domain,
    begin: null,
    end: null,
    reports: 0,
    tls_reports: 0,
    receivers: [],
    policies: [],
    messages: { total: 0, pass: 0, fail: 0, spf_aligned: 0, dkim_aligned: 0, delivered: 0, quarantined: 0, rejected: 0, overridden: 0 },
    sources: new Map(),
    tls: { successful: 0, failed: 0, failures: new Map() },
  };
}

const COUNTS = ["messages", "pass", "fail", "spf_aligned", "dkim_aligned", "delivered", "quarantined", "rejected"] as const;

function addSource({ sources }: DomainSum, source: ReportSource, receiver: string | null): void {
  const known = sources.get(source.ip);
  if (known === undefined && sources.size >= MAX_SOURCES) return;
  const sum = known ?? emptySource(source.ip);
  sources.set(source.ip, sum);
  for (const name of COUNTS) sum[name] += source[name];
  for (const name of source.header_from) addName(sum.header_from, name);
  for (const { domain, result } of [...source.spf, ...source.dkim]) if (result?.toLowerCase() === "pass") addName(sum.authenticated, domain);
  for (const { type, messages } of source.overrides) {
    const name = type ?? "other";
    if (Object.hasOwn(sum.overrides, name) || Object.keys(sum.overrides).length < MAX_NAMES) sum.overrides[name] = (sum.overrides[name] ?? 0) + messages;
  }
  addName(sum.receivers, receiver);
}

function emptySource(ip: string): SourceSum {
  return {
    ip,
    messages: 0,
    pass: 0,
    fail: 0,
    spf_aligned: 0,
    dkim_aligned: 0,
    delivered: 0,
    quarantined: 0,
    rejected: 0,
    header_from: [],
    authenticated: [],
    // Names of a stranger: none is a field of objects.
    overrides: Object.create(null) as Record<string, number>,
    receivers: [],
  };
}

function addTlsPolicy({ tls }: DomainSum, { successful, failed, failures }: TlsPolicyReport, receiver: string | null): void {
  tls.successful += successful;
  tls.failed += failed;
  for (const { type, mail_host: host, sessions } of failures) {
    const key = JSON.stringify([type, host]);
    const known = tls.failures.get(key);
    if (known === undefined && tls.failures.size >= MAX_SOURCES) continue;
    const sum = known ?? { type, mail_host: host, sessions: 0, receivers: [] };
    tls.failures.set(key, sum);
    sum.sessions += sessions;
    addName(sum.receivers, receiver);
  }
}

function addName(names: string[], name: string | null): void {
  if (name !== null && names.length < MAX_NAMES && !names.includes(name)) names.push(name);
}

/** Those that fail first, the most messages first. */
export function sourcesOf({ sources }: DomainSum): SourceSum[] {
  return [...sources.values()].sort((a, b) => b.fail - a.fail || b.messages - a.messages || (a.ip < b.ip ? -1 : 1));
}

export function tlsFailuresOf({ tls }: DomainSum): TlsFailureSum[] {
  return [...tls.failures.values()].sort((a, b) => b.sessions - a.sessions || (a.type < b.type ? -1 : 1));
}

export function domainsOf({ domains }: ReportSums): DomainSum[] {
  return [...domains.values()].sort((a, b) => (a.domain < b.domain ? -1 : 1));
}
