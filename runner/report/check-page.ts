import { availability, type Day, dayBars, measuredShare, percent } from "./day-bars.js";
import { escaped, timeElement } from "./html.js";
import { incidentList, type StatusIncident } from "./incident-list.js";
import { page } from "./page.js";
import { histogram, milliseconds } from "./pictures.js";
import { type Outcome, stateMark } from "./state-mark.js";
import type { Summary } from "./summarise.js";
import { comparedWaterfall, type Step } from "./waterfall.js";

/** What only an operator sees of a check. */
export interface CheckDetails {
  readonly probe: string;
  readonly target: string | null;
  readonly reason: string | null;
  /** The newest run; null before the first since the start of the watch. */
  readonly last: { readonly at: number; readonly durationMs: number; readonly steps: readonly Step[]; readonly envelope: string | null } | null;
  /** Of the last runs. */
  readonly typical: Summary;
  /** Whole runs over a longer time. */
  readonly spans: readonly DurationSpan[];
  /** Its operations over some of these times, in the order in which they were first seen. */
  readonly operations: readonly { readonly name: string; readonly rows: readonly DurationSpan[] }[];
  /** The newest failure that the history holds, with the probe's output as JSON. */
  readonly failure: { readonly at: number; readonly reason: string; readonly output: string | null } | null;
}

export interface DurationSpan {
  /** `the last 24 hours` */
  readonly name: string;
  readonly count: number;
  /** Milliseconds, to 2 %. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

export interface CheckStatus {
  readonly name: string;
  readonly suite: string;
  readonly now: number;
  readonly outcome: Outcome;
  readonly lastAt: number | null;
  readonly days: readonly (Day | null)[];
  readonly incidents: readonly StatusIncident[];
  /** Null on a public page. */
  readonly details: CheckDetails | null;
  /** Of the overview, relative to this page. */
  readonly overview: string;
}

/** One check: its state and why, the last run beside the typical one, percentiles by operation, incidents, and the raw envelope. */
export function checkPage({ name, suite, now, outcome, lastAt, days, incidents, details, overview }: CheckStatus): string {
  const measured = measuredShare(days);
  const share = `${percent(availability(days))} fine${measured === null || measured === 1 ? "" : `, ${percent(measured)} measured`}`;
  const body = [
    `<header><nav><a href="${escaped(overview)}">${escaped(suite)}</a></nav><h1>${escaped(name)}</h1>`,
    `<p>${stateMark(outcome)}${lastAt === null ? " no result yet" : ` <span class="soft">in the newest result, of ${timeElement(lastAt)}</span>`}</p></header><main>`,
    ...(details === null ? [] : [facts(details)]),
    `<h2>${days.length} days</h2><p class="days">${dayBars(days)} <span class="soft">${share}</span></p>`,
    ...(details === null ? [] : runs(details)),
    `<h2>Incidents</h2>${incidentList(incidents, now)}`,
    ...(details === null ? [] : raw(details)),
    `</main><footer class="soft">${timeElement(now)}</footer>`,
  ];
  return page(`${name} – ${suite}`, body.join("\n"));
}

function facts({ probe, target, reason }: CheckDetails): string {
  const about = `<p class="soft">${escaped(probe)}${target === null ? "" : ` at ${escaped(target)}`}</p>`;
  return reason === null ? about : `${about}<div class="wrong"><p>${escaped(reason)}</p></div>`;
}

function runs({ last, typical, spans, operations }: CheckDetails): string[] {
  const byOperation = operations.filter(({ rows }) => rows.length > 0);
  const long = [
    ...(spans.length === 0 ? [] : [`<h2>Percentiles over time</h2>${spanTable("Percentiles over time", "Whole runs, to 2 %", "Time", spans)}`]),
    ...byOperation.map(({ name, rows }) => spanTable(`Operations over ${name}`, `By operation, over ${name}`, "Operation", rows)),
  ];
  if (last === null) return ["<h2>Last run</h2><p>No run has ended since the watch was started.</p>", ...long];
  return [
    `<h2>Last run</h2><p>${milliseconds(last.durationMs)}, at ${timeElement(last.at)}. <span class="soft">The median of the last ${typical.count} runs is ${milliseconds(typical.spread?.p50 ?? 0)}.</span></p>`,
    last.steps.length === 0 ? "<p>It has no operations.</p>" : comparedWaterfall(last.steps, typical.operations),
    `<h2>Percentiles by operation</h2>${percentiles(typical)}`,
    `<h2>Durations</h2>${histogram(typical.durations)}`,
    ...long,
  ];
}

function spanTable(label: string, caption: string, first: string, spans: readonly DurationSpan[]): string {
  const rows = spans.map(({ name, count, p50, p90, p99 }) => {
    const cells = [p50, p90, p99].map((value) => `<td class="number">${milliseconds(value)}</td>`);
    return `<tr><th scope="row">${escaped(name)}</th><td class="number">${count}</td>${cells.join("")}</tr>`;
  });
  return table(label, caption, first, ["Count", "p50", "p90", "p99"], rows);
}

function table(label: string, caption: string, first: string, numbers: readonly string[], rows: readonly string[]): string {
  const heads = numbers.map((head) => `<th scope="col" class="number">${head}</th>`);
  return `<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table><caption>${caption}</caption><thead><tr><th scope="col">${first}</th>${heads.join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function percentiles({ operations, spread, count }: Summary): string {
  const rows = [...(spread === null ? [] : [{ name: "whole run", spread }]), ...operations].map(({ name, spread: own }) => {
    const cells = [own.least, own.p50, own.p90, own.p99, own.most].map((value) => `<td class="number">${milliseconds(value)}</td>`);
    return `<tr><th scope="row">${escaped(name)}</th><td class="number">${own.count}</td>${cells.join("")}</tr>`;
  });
  return table("Percentiles by operation", `Of the last ${count} runs`, "Operation", ["Count", "Least", "p50", "p90", "p99", "Most"], rows);
}

function raw({ last, failure }: CheckDetails): string[] {
  const parts: string[] = [];
  if (last !== null) parts.push(folded("Envelope of the last run", last.envelope));
  if (failure !== null)
    parts.push(`${folded("Envelope of the newest failure", failure.output)}<p class="soft">${timeElement(failure.at)}: ${escaped(failure.reason)}</p>`);
  return parts.length === 0 ? [] : [`<h2>Raw</h2>${parts.join("\n")}`];
}

function folded(title: string, json: string | null): string {
  if (json === null) return `<p class="soft">${title}: it was not kept.</p>`;
  return `<details><summary>${title}</summary><pre tabindex="0">${lines(JSON.stringify(JSON.parse(json), null, 2))}</pre></details>`;
}

/** Line by line: what turns the direction of text must not act beyond its line. */
function lines(text: string): string {
  return text.split("\n").map(escaped).join("\n");
}
