import { percent } from "./day-bars.js";
import { durationText, escaped, timeElement } from "./html.js";
import { page } from "./page.js";
import { histogram, milliseconds, waterfall } from "./pictures.js";
import { failures, spreads, table } from "./result-tables.js";
import type { Summary } from "./summarise.js";

export interface ReportOptions {
  readonly title: string;
  /** What the results are compared with; null without. */
  readonly baseline: { readonly name: string; readonly summary: Summary } | null;
  /** Said at the end: what of the input was not counted. */
  readonly notes: readonly string[];
}

/** One file that opens anywhere: counts, times by operation, failures, and what changed since the baseline. */
export function reportPage(summary: Summary, { title, baseline, notes }: ReportOptions): string {
  const before = baseline?.summary ?? null;
  const body = [
    `<header><h1>${escaped(title)}</h1>${period(summary)}</header><main>`,
    `<h2>Summary</h2>${counts(summary, before)}`,
    ...(summary.spread === null ? [] : [`<h2>Duration</h2>${histogram(summary.durations)}${spreads([["all", summary.spread, before?.spread ?? null]])}`]),
    ...operations(summary, before),
    ...failures(summary),
    ...targets(summary),
    ...(baseline === null ? [] : [`<p class="soft">Compared with ${escaped(baseline.name)}: ${baseline.summary.count} results.</p>`]),
    ...notes.map((note) => `<p class="soft">${escaped(note)}</p>`),
    "</main>",
  ];
  return page(title, body.join("\n"));
}

function period({ from, until }: Summary): string {
  return from === null || until === null ? "" : `<p class="soft">${timeElement(from)} to ${timeElement(until)} (${durationText(until - from)})</p>`;
}

function counts({ count, statuses }: Summary, before: Summary | null): string {
  const rows = (["ok", "warning", "error"] as const).map((status) => {
    const share = count === 0 ? null : statuses[status] / count;
    const earlier = before === null || before.count === 0 ? null : before.statuses[status] / before.count;
    const change = before === null ? "" : `<td class="number">${percent(earlier)}</td>`;
    return `<tr><th scope="row" class="${status}">${{ ok: "✔", warning: "▲", error: "✘" }[status]} ${status}</th><td class="number">${statuses[status]}</td><td class="number">${percent(share)}</td>${change}</tr>`;
  });
  return table(["", "Results", "Share", ...(before === null ? [] : ["Baseline"])], rows);
}

function operations({ operations: all }: Summary, before: Summary | null): string[] {
  if (all.length === 0) return [];
  const earlier = new Map(before?.operations.map(({ name, spread }) => [name, spread]));
  return [
    `<h2>Operations</h2>${waterfall(all)}${spreads(all.map(({ name, spread }) => [name, spread, before === null ? null : (earlier.get(name) ?? null)]))}`,
  ];
}

function targets({ targets: all }: Summary): string[] {
  if (all.length < 2) return [];
  const rows = all.map(({ name, count, failed, spread }) => {
    const times =
      spread === null ? "<td></td><td></td>" : `<td class="number">${milliseconds(spread.p50)}</td><td class="number">${milliseconds(spread.p99)}</td>`;
    return `<tr><th scope="row">${escaped(name)}</th><td class="number">${count}</td><td class="number${failed > 0 ? " error" : ""}">${failed}</td>${times}</tr>`;
  });
  return [
    `<h2>Targets</h2><details open><summary>${all.length} targets, those that failed first</summary>${table(["", "Results", "Failed", "p50", "p99"], rows)}</details>`,
  ];
}
