import { escaped } from "../../report/html.js";
import { page } from "../../report/page.js";
import { counted } from "../../support/counted.js";
import { type DomainSum, domainsOf, type ReportSums, type SourceSum, sourcesOf, tlsFailuresOf } from "./sums.js";
import { aboutOf, detailsOf } from "./text.js";

/** A browser becomes slow with more; the JSON has them all. */
const MAX_ROWS = 2000;

/** The sums as one page without script, which makes no request. */
export function reportsPage(sums: ReportSums, notes: readonly string[], at: Date): string {
  const domains = domainsOf(sums);
  const title = domains.length === 1 ? `Reports about ${domains[0]?.domain}` : `Reports about ${counted(domains.length, "domain")}`;
  const remarks =
    notes.length === 0
      ? ""
      : `<details><summary>${counted(notes.length, "item")} left out</summary><ul>${notes.map((note) => `<li>${escaped(note)}</li>`).join("")}</ul></details>`;
  return page(
    title,
    `<h1>${escaped(title)}</h1><p class="soft">${at.toISOString().slice(0, 16).replace("T", " ")} UTC</p>${domains.map(domainSection).join("\n")}${remarks}`,
  );
}

function domainSection(domain: DomainSum): string {
  return `<section><h2>${escaped(domain.domain)}</h2><p class="soft">${escaped(aboutOf(domain))}</p>${mailOf(domain)}${tlsOf(domain)}</section>`;
}

function mailOf(domain: DomainSum): string {
  if (domain.reports === 0) return "";
  const { total, pass, fail, quarantined, rejected, overridden } = domain.messages;
  const sources = sourcesOf(domain);
  const failing = sources.filter((source) => source.fail > 0);
  const summary = `<p>${counted(total, "message")}: <span class="ok">${pass} passed DMARC</span>, <span class="${fail > 0 ? "warning" : "ok"}">${fail} failed</span>; ${quarantined} quarantined, ${rejected} rejected, ${overridden} with an override. SPF and DKIM count what passed with an aligned domain.</p>`;
  const good = sources.filter((source) => source.fail === 0);
  return `${summary}${sourceTable("Sources that fail", failing)}${sourceTable("Sources that pass", good)}`;
}

const NUMBERS = ["Messages", "Pass", "Fail", "SPF", "DKIM", "Quarantined", "Rejected"];

function sourceTable(title: string, sources: readonly SourceSum[]): string {
  if (sources.length === 0) return "";
  const rows = sources.slice(0, MAX_ROWS).map(sourceRow).join("");
  const rest = sources.length > MAX_ROWS ? `<p class="soft">and ${counted(sources.length - MAX_ROWS, "more source")}</p>` : "";
  const numbers = NUMBERS.map((name) => `<th class="number">${name}</th>`).join("");
  return `<h3>${title}</h3><div class="scroll"><table><thead><tr><th>Source</th>${numbers}<th>Authenticated as</th></tr></thead><tbody>${rows}</tbody></table></div>${rest}`;
}

function sourceRow(source: SourceSum): string {
  const { ip, messages, pass, fail, spf_aligned: spf, dkim_aligned: dkim, quarantined, rejected, header_from: from, receivers } = source;
  const numbers = [messages, pass, fail, spf, dkim, quarantined, rejected].map((number) => `<td class="number">${number}</td>`).join("");
  const about = `From ${from.join(", ") || "unknown"}; reported by ${receivers.join(", ") || "unknown"}`;
  return `<tr><td class="state">${escaped(ip)}</td>${numbers}<td>${escaped(detailsOf(source))}<br><span class="soft">${escaped(about)}</span></td></tr>`;
}

function tlsOf(domain: DomainSum): string {
  if (domain.tls_reports === 0) return "";
  const { successful, failed } = domain.tls;
  const summary = `<h3>TLS</h3><p>${counted(successful + failed, "session")}: <span class="${failed > 0 ? "warning" : "ok"}">${failed} failed</span>.</p>`;
  const rows = tlsFailuresOf(domain)
    .slice(0, MAX_ROWS)
    .map(
      ({ type, mail_host: host, sessions, receivers }) =>
        `<tr><td class="number">${sessions}</td><td>${escaped(type)}</td><td>${escaped(host ?? "")}</td><td>${escaped(receivers.join(", "))}</td></tr>`,
    );
  if (rows.length === 0) return summary;
  return `${summary}<div class="scroll"><table><thead><tr><th class="number">Sessions</th><th>Failure</th><th>Mail host</th><th>Reported by</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}
