import { counted } from "../../support/counted.js";
import { printableLine } from "../../support/printable.js";
import type { Style } from "../../support/style.js";
import { table } from "../../support/table.js";
import { type DomainSum, domainsOf, type ReportSums, type SourceSum, sourcesOf, tlsFailuresOf } from "./sums.js";

interface Look {
  readonly style: Style;
  readonly width: number;
  /** Every source, not only the first ones. */
  readonly showAll: boolean;
}

const MAX_ROWS = 20;
const INDENT = "  ";

/** What the reports say, for a terminal: for each domain its sources, those that fail first, and its failed TLS sessions. */
export function textOf(sums: ReportSums, look: Look): string {
  return domainsOf(sums)
    .map((domain) => domainText(domain, look))
    .join("\n");
}

function domainText(domain: DomainSum, look: Look): string {
  const { style } = look;
  const parts = [`${style.bold(printableLine(domain.domain))}   ${style.dim(aboutOf(domain))}`];
  if (domain.reports > 0) parts.push(INDENT + messagesLine(domain, style), ...rows(SOURCE_HEADING, sourcesOf(domain).map(sourceRow), look));
  if (domain.tls_reports > 0) parts.push(INDENT + tlsLine(domain, style), ...rows(TLS_HEADING, tlsFailuresOf(domain).map(tlsRow), look));
  return `${parts.join("\n")}\n`;
}

export function aboutOf({ begin, end, reports, tls_reports: tlsReports, receivers, policies }: DomainSum): string {
  const kinds = [reports > 0 ? counted(reports, "aggregate report") : null, tlsReports > 0 ? counted(tlsReports, "TLS report") : null];
  const policy = policies.length === 0 ? null : `p=${policies.join(", ")}`;
  const parts = [`${day(begin)} to ${day(end)}`, kinds.filter((kind) => kind !== null).join(" and "), `from ${counted(receivers.length, "receiver")}`, policy];
  return printableLine(parts.filter((part) => part !== null).join(" · "));
}

function day(time: string | null): string {
  return time?.slice(0, 10) ?? "unknown";
}

function messagesLine({ messages: { total, pass, fail, quarantined, rejected } }: DomainSum, style: Style): string {
  const parts = [counted(total, "message"), `${pass} passed DMARC`, `${fail} failed`, `${quarantined} quarantined`, `${rejected} rejected`];
  const text = parts.join(", ");
  return fail > 0 ? style.yellow(text) : style.green(text);
}

function tlsLine({ tls: { successful, failed } }: DomainSum, style: Style): string {
  const text = `${counted(successful + failed, "TLS session")}, ${failed} failed`;
  return failed > 0 ? style.yellow(text) : style.green(text);
}

const SOURCE_HEADING = ["SOURCE", "MESSAGES", "PASS", "FAIL", "SPF", "DKIM", "QUARANTINED", "REJECTED", "AUTHENTICATED AS"];

function sourceRow(source: SourceSum): string[] {
  const { ip, messages, pass, fail, spf_aligned: spf, dkim_aligned: dkim, quarantined, rejected } = source;
  return [ip, ...[messages, pass, fail, spf, dkim, quarantined, rejected].map(String), printableLine(detailsOf(source))];
}

/** As which domains a source has proved itself, and why receivers left it through. */
export function detailsOf({ authenticated, overrides }: SourceSum): string {
  const reasons = Object.entries(overrides).map(([type, messages]) => `${type} ${messages}`);
  return [authenticated.join(", ") || "nothing", ...reasons].join("; ");
}

const TLS_HEADING = ["SESSIONS", "FAILURE", "MAIL HOST", "REPORTED BY"];

function tlsRow({ type, mail_host: host, sessions, receivers }: ReturnType<typeof tlsFailuresOf>[number]): string[] {
  return [String(sessions), type, host ?? "-", receivers.join(", ")].map((cell) => printableLine(cell));
}

function rows(heading: readonly string[], cells: readonly (readonly string[])[], { style, width, showAll }: Look): string[] {
  if (cells.length === 0) return [];
  const shown = showAll ? cells : cells.slice(0, MAX_ROWS);
  const lines = table(heading, shown, width - INDENT.length)
    .trimEnd()
    .split("\n");
  const rest = cells.length - shown.length;
  return [...lines, ...(rest > 0 ? [style.dim(`and ${counted(rest, "more row")} (--all, --json, --html)`)] : [])].map((line) => INDENT + line);
}
