import { escaped } from "../html.js";
import { milliseconds } from "../pictures.js";
import type { Sample } from "../sample.js";
import type { OperationSummary } from "../summarise.js";
import { comparedWaterfall, numbered } from "../waterfall.js";
import { type CheckRun, type CheckTried, lastTry, triedSample } from "./suite-run.js";

const MOST_REASONS = 20;
const MOST_REASON = 2000;
const MOST_JSON = 32_768;
const WORDS = { own: "this run", others: "the other runs of this check" };

function checkTitle({ target, name }: CheckRun): string {
  return target === null ? name : `${target} ${name}`;
}

/** A check that failed: where, why, what the probe did, and its earlier tries. */
export function failedCheck(check: CheckRun, typical: readonly OperationSummary[], id: string): string {
  const last = lastTry(check);
  const place = check.place === null ? "" : ` <span class="soft">${escaped(check.place)}</span>`;
  return [
    `<section id="${id}"><h3 class="error">✘ ${escaped(checkTitle(check))}</h3>${place}`,
    `<div class="wrong">${last === null ? "<p>It was not run.</p>" : reasons(last)}</div>`,
    last === null ? "" : evidence(check, last, typical),
    ...earlier(check),
    "</section>",
  ].join("");
}

/** A check that passed, folded. */
export function passedCheck(check: CheckRun, typical: readonly OperationSummary[], id: string): string {
  const last = lastTry(check);
  if (last === null) return "";
  return `<details id="${id}"><summary><span class="ok">✔</span> ${escaped(checkTitle(check))} <span class="soft">${timeText(check, last)}${triesText(check)}</span></summary>${evidence(check, last, typical)}${earlier(check).join("")}</details>`;
}

/** ` (3 tries)` */
export function triesText({ tries }: CheckRun): string {
  return tries.length > 1 ? ` (${tries.length} tries)` : "";
}

export function timeText(check: CheckRun, tried: CheckTried): string {
  const sample = triedSample(check, tried);
  return sample === null ? "no result" : milliseconds(sample.durationMs);
}

function evidence(check: CheckRun, tried: CheckTried, typical: readonly OperationSummary[]): string {
  const sample = triedSample(check, tried);
  if (sample === null) return `<p class="soft">${escaped(tried.probe)} gave no result.</p>`;
  const address = (tried.output as { ip_address?: unknown }).ip_address;
  const at = typeof address === "string" ? ` at ${escaped(cut(address))}` : "";
  return `<p class="soft">${escaped(tried.probe)}${at}: ${sample.status} in ${milliseconds(sample.durationMs)}</p>${picture(sample, typical)}${raw(tried.output)}`;
}

function picture({ operations }: Sample, typical: readonly OperationSummary[]): string {
  return operations.length === 0 ? "" : comparedWaterfall(numbered(operations), typical, WORDS);
}

function earlier(check: CheckRun): string[] {
  const before = check.tries.slice(0, -1);
  if (before.length === 0) return [];
  const items = before.map((tried, index) => `<li>Try ${index + 1}, ${timeText(check, tried)}:${reasons(tried)}</li>`);
  return [`<p>Earlier tries:</p><ul>${items.join("")}</ul>`];
}

function reasons({ reasons: all }: CheckTried): string {
  const more = all.length > MOST_REASONS ? `<p>and ${all.length - MOST_REASONS} more reasons</p>` : "";
  return `${all
    .slice(0, MOST_REASONS)
    .map((reason) => `<p class="reason">${escaped(cut(reason))}</p>`)
    .join("")}${more}`;
}

/** Line by line: what turns the direction of text must not act beyond its line. */
function raw(output: unknown): string {
  const json = JSON.stringify(output, null, 2);
  if (json.length > MOST_JSON) return '<p class="soft">The output is too large for this page.</p>';
  return `<details><summary>Output</summary><pre tabindex="0">${json.split("\n").map(escaped).join("\n")}</pre></details>`;
}

function cut(text: string): string {
  return text.length > MOST_REASON ? `${text.slice(0, MOST_REASON)}…` : text;
}
