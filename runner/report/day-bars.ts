import { escaped } from "./html.js";

/** One day of a check. */
export interface Day {
  readonly fine: number;
  readonly failed: number;
  readonly unmeasured: number;
}

const WIDTH = 3;
const HEIGHT = 18;
/** Colour is never alone: what failed is as high as the bar, what was fine is lower, what was not measured is a line. The style knows how thick each is. */
const MIDDLES = { fine: 12, some: 10.5, failed: 9, unmeasured: 17.5 } as const;
type Kind = keyof typeof MIDDLES;

/** A row of days, the newest at the right, as one small picture. Days of a kind that follow each other are one shape. */
export function dayBars(days: readonly (Day | null)[]): string {
  const kinds = days.map(kindOf);
  const paths = (Object.keys(MIDDLES) as Kind[]).map((kind) => pathOf(kinds, kind));
  return `<svg class="bars" viewBox="0 0 ${WIDTH * days.length} ${HEIGHT}" role="img" aria-label="${escaped(summaryOf(days))}">${paths.join("")}</svg>`;
}

/** The share of measured results that were fine; null if nothing was measured. */
export function availability(days: readonly (Day | null)[]): number | null {
  const [fine, failed] = [sum(days, "fine"), sum(days, "failed")];
  return fine + failed === 0 ? null : fine / (fine + failed);
}

/** The share of results that were measured; null without results. */
export function measuredShare(days: readonly (Day | null)[]): number | null {
  const all = sum(days, "fine") + sum(days, "failed") + sum(days, "unmeasured");
  return all === 0 ? null : (all - sum(days, "unmeasured")) / all;
}

/** `99.95 %`: rounded down, so that 100 % means that nothing failed. */
export function percent(share: number | null): string {
  return share === null ? "–" : `${(Math.floor(share * 10_000) / 100).toFixed(share === 1 ? 0 : 2)} %`;
}

function kindOf(day: Day | null): Kind {
  if (day === null || day.fine + day.failed === 0) return "unmeasured";
  if (day.failed === 0) return "fine";
  return day.failed / (day.fine + day.failed) < 0.05 ? "some" : "failed";
}

function pathOf(kinds: readonly Kind[], kind: Kind): string {
  const pieces: string[] = [];
  for (let start = 0; start < kinds.length; start++) {
    if (kinds[start] !== kind) continue;
    let end = start;
    while (kinds[end + 1] === kind) end++;
    pieces.push(`M${start * WIDTH} ${MIDDLES[kind]}h${(end - start + 1) * WIDTH - 1}`);
    start = end;
  }
  return pieces.length === 0 ? "" : `<path class="${kind}" d="${pieces.join("")}"/>`;
}

function summaryOf(days: readonly (Day | null)[]): string {
  const failed = days.filter((day) => day !== null && day.failed > 0).length;
  const unmeasured = days.filter((day) => kindOf(day) === "unmeasured").length;
  return `${days.length} days: ${failed} with failures, ${unmeasured} without measurements`;
}

function sum(days: readonly (Day | null)[], field: keyof Day): number {
  return days.reduce((total, day) => total + (day?.[field] ?? 0), 0);
}
