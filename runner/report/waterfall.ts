import { numberedNames } from "../support/numbered-names.js";
import { escaped } from "./html.js";
import { milliseconds } from "./pictures.js";
import type { OperationSummary } from "./summarise.js";

/** An operation of one run. */
export interface Step {
  /** A second operation of a name within a run is EHLO#2. */
  readonly name: string;
  readonly atMs: number;
  /** Null: it never ended. */
  readonly durationMs: number | null;
}

const WIDTH = 640;
const NAMES = 180;
const ROW = 30;
const MOST_ROWS = 60;
const MOST_NAME = 24;

interface Words {
  readonly own: string;
  readonly others: string;
}

/** One run beside the typical one: the upper bar of a row is this run, the lower one the median, with a line to p99. */
export function comparedWaterfall(
  steps: readonly Step[],
  typical: readonly OperationSummary[],
  words: Words = { own: "the last run", others: "the last runs" },
): string {
  const usual = new Map(typical.map((each) => [each.name, each]));
  const shown = steps.slice(0, MOST_ROWS);
  const names = new Set(shown.map(({ name }) => name));
  const missing = typical.filter(({ name }) => !names.has(name)).slice(0, MOST_ROWS - shown.length);
  const ends = [...shown.map(({ atMs, durationMs }) => atMs + (durationMs ?? 0)), ...typical.map(({ startMs, spread }) => startMs + spread.p99)];
  const end = ends.reduce((most, each) => Math.max(most, each), 0.001);
  const scale = (value: number): number => Math.round((value / end) * (WIDTH - NAMES) * 10) / 10;
  const rows = [
    ...shown.map((step, index) => row(step.name, step, usual.get(step.name) ?? null, index, scale, words)),
    ...missing.map((each, index) => row(each.name, null, each, shown.length + index, scale, words)),
  ];
  const label = `Operations of ${words.own}${typical.length === 0 ? "" : `, each above the median of ${words.others}`}`;
  const legend = typical.length === 0 ? "" : `<p class="soft">Upper bars: ${words.own}. Lower bars: the median of ${words.others}, with a line to p99.</p>`;
  return `<svg class="picture" viewBox="0 0 ${WIDTH} ${Math.max(ROW, rows.length * ROW)}" role="img" aria-label="${label}">${rows.join("")}</svg>${legend}`;
}

function row(name: string, step: Step | null, usual: OperationSummary | null, index: number, scale: (value: number) => number, words: Words): string {
  const top = index * ROW;
  const bar = (kind: string, startMs: number, durationMs: number, y: number, height: number): string =>
    `<rect class="${kind}" x="${NAMES + scale(startMs)}" y="${y}" width="${Math.max(1, scale(durationMs))}" height="${height}"/>`;
  const parts = [
    step === null ? "" : bar(step.durationMs === null ? "failed" : "own", step.atMs, step.durationMs ?? 0, top + 4, 11),
    usual === null ? "" : bar("tail", usual.startMs, usual.spread.p99, top + 19, 2) + bar("usual", usual.startMs, usual.spread.p50, top + 16, 8),
  ];
  const shown = name.length > MOST_NAME ? `${name.slice(0, MOST_NAME - 1)}…` : name;
  return `<g><title>${escaped(`${name}: ${said(step, words)}, ${usual === null ? "not in other runs" : `median ${milliseconds(usual.spread.p50)}`}`)}</title><text x="0" y="${top + 18}">${escaped(shown)}</text>${parts.join("")}</g>`;
}

function said(step: Step | null, words: Words): string {
  if (step === null) return `not in ${words.own}`;
  return step.durationMs === null ? "did not end" : milliseconds(step.durationMs);
}

/** Numbers the operations of one name, as summaries do. */
export function numbered(operations: readonly Step[]): Step[] {
  const names = numberedNames(operations.map(({ name }) => name));
  return operations.map((operation, index) => ({ ...operation, name: names[index] as string }));
}
