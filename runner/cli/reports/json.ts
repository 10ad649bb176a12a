import { domainsOf, type ReportSums, sourcesOf, tlsFailuresOf } from "./sums.js";

export interface Counts {
  read: number;
  duplicates: number;
  earlier: number;
  readonly without_report: string[];
  readonly unreadable: { readonly name: string; readonly reason: string }[];
}

/** The sums for programs: all sources of each domain, and what was left out. */
export function jsonOf(sums: ReportSums, counts: Counts): string {
  const domains = domainsOf(sums).map((domain) => ({
    ...domain,
    sources: sourcesOf(domain),
    tls: { ...domain.tls, failures: tlsFailuresOf(domain) },
  }));
  return `${JSON.stringify({ domains, ...counts }, null, 2)}\n`;
}
