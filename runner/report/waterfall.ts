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

/** One run beside the typical one: the upper bar of a row is this run, the lower one the median, with a line to p99. */
export function comparedWaterfall(steps: readonly Step[], typical: readonly OperationSummary[]): string {
  const usual = new Map(typical.map((each) => [each.name, each]));
  const shown = steps.slice(0, MOST_ROWS);
  const names = new Set(shown.map(({ name }) => name));
  const missing = typical.filter(({ name }) => !names.has(name)).slice(0, MOST_ROWS - shown.length);
  const ends = [...shown.map(({ atMs, durationMs }) => atMs + (durationMs ?? 0)), ...typical.map(({ startMs, spread }) => startMs + spread.p99)];
  const end = ends.reduce((most, each) => Math.max(most, each), 0.001);
  const scale = (value: number): number => Math.round((value / end) * (WIDTH - NAMES) * 10) / 10;
  const rows = [
    ...shown.map((step, index) => row(step.name, step, usual.get(step.name) ?? null, index, scale)),
    ...missing.map((each, index) => row(each.name, null, each, shown.length + index, scale)),
  ];
  const label = "Operations of the last run, each above the typical one";
  const legend = '<p class="soft">Upper bars: the last run. Lower bars: the median of the last runs, with a line to p99.</p>';
  return `<svg class="picture" viewBox="0 0 ${WIDTH} ${Math.max(ROW, rows.length * ROW)}" role="img" aria-label="${label}">${rows.join("")}</svg>${legend}`;
}

function row(name: string, step: Step | null, usual: OperationSummary | null, index: number, scale: (value: number) => number): string {
  const top = index * ROW;
  const bar = (kind: string, startMs: number, durationMs: number, y: number, height: number): string =>
    `<rect class="${kind}" x="${NAMES + scale(startMs)}" y="${y}" width="${Math.max(1, scale(durationMs))}" height="${height}"/>`;
  const parts = [
    step === null ? "" : bar(step.durationMs === null ? "failed" : "own", step.atMs, step.durationMs ?? 0, top + 4, 11),
    usual === null ? "" : bar("tail", usual.startMs, usual.spread.p99, top + 19, 2) + bar("usual", usual.startMs, usual.spread.p50, top + 16, 8),
  ];
  const shown = name.length > MOST_NAME ? `${name.slice(0, MOST_NAME - 1)}…` : name;
  return `<g><title>${escaped(`${name}: ${said(step)}, ${usual === null ? "not in other runs" : `median ${milliseconds(usual.spread.p50)}`}`)}</title><text x="0" y="${top + 18}">${escaped(shown)}</text>${parts.join("")}</g>`;
}

function said(step: Step | null): string {
  if (step === null) return "not in the last run";
  return step.durationMs === null ? "did not end" : milliseconds(step.durationMs);
}

/** Numbers the operations of one name, as summaries do. */
export function numbered(operations: readonly Step[]): Step[] {
  const seen = new Map<string, number>();
  return operations.map((operation) => {
    const count = (seen.get(operation.name) ?? 0) + 1;
    seen.set(operation.name, count);
    return count === 1 ? operation : { ...operation, name: `${operation.name}#${count}` };
  });
}
