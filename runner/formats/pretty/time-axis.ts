import { pad } from "../../support/text-width.js";

/** A run's time, mapped to a number of cells. */
export interface TimeAxis {
  readonly width: number;
  /** Cells from the left edge, as a fraction. */
  readonly cellsAt: (moment: number) => number;
  readonly cuts: readonly Cut[];
}

/** A stretch of time that is drawn shorter than it was, in whole cells from the left one to the right one. */
interface Cut {
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly right: number;
}

/** A stretch without any beginning or end counts as a wait if it takes this share of the run. */
const LONG_SHARE = 0.1;
const LONG_MS = 200;
/** If waits together take this share, the steps between them cannot be distinguished. */
const TOO_MUCH = 0.6;
/** Fewer steps can be distinguished well enough. */
const MANY_STEPS = 8;
const CUT_CELLS = 4;
/** If the axis is narrower than this, there is no room for a cut. */
const NARROWEST = 16;

/** Uniform if that shows what happened. If a run mostly waited, its long waits are shortened so that the steps between them are visible. */
export function timeAxis(steps: readonly { at: number; duration: number | null }[], total: number, width: number): TimeAxis {
  const stretches = stretchesOf(steps, total);
  const long = stretches.filter(([from, to]) => to - from >= Math.max(LONG_MS, total * LONG_SHARE));
  const waited = long.reduce((sum, [from, to]) => sum + to - from, 0);
  if (width < NARROWEST || steps.length < MANY_STEPS || waited < total * TOO_MUCH || waited >= total) {
    const scale = total > 0 ? width / total : 0;
    return { width, cellsAt: (moment) => moment * scale, cuts: [] };
  }
  return cutAxis(stretches, new Set(long), total - waited, width);
}

type Stretch = readonly [from: number, to: number];

/** What lies between one beginning or end and the next. */
function stretchesOf(steps: readonly { at: number; duration: number | null }[], total: number): Stretch[] {
  const moments = steps.flatMap(({ at, duration }) => (duration === null ? [at] : [at, at + duration]));
  const sorted = [...new Set([0, ...moments.filter((moment) => moment > 0 && moment < total), total])].sort((a, b) => a - b);
  return sorted.slice(1).map((to, index) => [sorted[index] as number, to]);
}

function cutAxis(stretches: readonly Stretch[], long: ReadonlySet<Stretch>, shortTime: number, width: number): TimeAxis {
  const cutCells = Math.min(CUT_CELLS, Math.floor(width / 2 / long.size));
  // A cut begins at a whole cell: up to one is lost before each.
  const scale = (width - (cutCells + 1) * long.size) / shortTime;
  const placed: Cut[] = [];
  let next = 0;
  for (const stretch of stretches) {
    const [from, to] = stretch;
    const left = long.has(stretch) ? Math.ceil(next) : next;
    const right = long.has(stretch) ? left + cutCells : left + (to - from) * scale;
    placed.push({ from, to, left, right });
    next = right;
  }
  const cellsAt = (moment: number): number => {
    const { from, to, left, right } = placed.find((each) => moment <= each.to) ?? (placed.at(-1) as Cut);
    return Math.min(width, left + ((Math.min(moment, to) - from) / (to - from)) * (right - left));
  };
  return { width, cellsAt, cuts: placed.filter((_, index) => long.has(stretches[index] as Stretch)) };
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/** Marks a shortened wait. */
export const CUT = "╌";

/** Begins and ends with its step. The left edge is at a whole cell, the right one at an eighth of one. */
export function bar({ at, duration }: { at: number; duration: number | null }, { width, cellsAt, cuts }: TimeAxis): string {
  // A step that begins together with a cut starts at the cut.
  const cutHere = cuts.find((cut) => cut.from <= at && at < cut.to);
  const left = Math.min(width - 1, cutHere?.left ?? Math.floor(cellsAt(at)));
  if (duration === null) return pad(`${" ".repeat(left)}${"░".repeat(width - left)}`, width);
  const span = cellsAt(at + duration) - cellsAt(at);
  const eighths = Math.max(1, Math.min((width - left) * 8, Math.round(span * 8)));
  const cells = [...`${" ".repeat(left)}${"█".repeat(Math.floor(eighths / 8))}${EIGHTHS[eighths % 8]}`];
  for (const cut of cuts) {
    if (at > cut.from || at + duration < cut.to) continue;
    for (let cell = cut.left; cell < cut.right; cell++) cells[cell] = CUT;
  }
  return pad(cells.join(""), width);
}
