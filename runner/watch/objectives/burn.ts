export interface Objective {
  /** The share of measured time that is to be fine, in percent. */
  readonly good: number;
  readonly days: number;
}

/** Two windows that must both burn too fast: the longer one says that it matters, the shorter one that it continues (Google's SRE workbook, chapter 5). */
export interface BurnRule {
  readonly rate: number;
  readonly longMs: number;
  readonly shortMs: number;
}

const MINUTE = 60_000;
const HOUR = 3_600_000;

const BURN_RULES: readonly BurnRule[] = [
  { rate: 14.4, longMs: HOUR, shortMs: 5 * MINUTE },
  { rate: 6, longMs: 6 * HOUR, shortMs: 30 * MINUTE },
  { rate: 1, longMs: 72 * HOUR, shortMs: 6 * HOUR },
];

/** Fewer results than this in the shorter window prove nothing. */
const LEAST_RESULTS = 10;

/** Measured time within a window. */
export interface Measured {
  readonly goodMs: number;
  readonly badMs: number;
  readonly results: number;
}

/** The first rule that is broken; null if the budget lasts. `good` is in percent. */
export async function brokenRule(
  good: number,
  measured: (windowMs: number) => Promise<Measured>,
): Promise<{ readonly rule: BurnRule; readonly rates: readonly [long: number, short: number] } | null> {
  const budget = 1 - good / 100;
  for (const rule of BURN_RULES) {
    const short = await measured(rule.shortMs);
    if (short.results < LEAST_RESULTS) continue;
    const rates = [badShare(await measured(rule.longMs)) / budget, badShare(short) / budget] as const;
    if (rates.every((rate) => rate >= rule.rate)) return { rule, rates };
  }
  return null;
}

export function badShare({ goodMs, badMs }: Pick<Measured, "goodMs" | "badMs">): number {
  return goodMs + badMs === 0 ? 0 : badMs / (goodMs + badMs);
}
