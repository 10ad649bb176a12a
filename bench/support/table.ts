import { type Figure, type Goal, type Unit, verdictOf } from "./figure.js";
import type { Spread } from "./statistics.js";

const HEADINGS = ["figure", "ours", "beside it", "", "ratio (min-max)", "goal", "", "runs"] as const;
const NONE = "-";

/** The figures as people read them: a line each, what was skipped below. */
export function tableOf(figures: readonly Figure[]): string {
  const measured = figures.filter(({ skipped }) => skipped === null);
  const skipped = figures.filter((figure) => figure.skipped !== null);
  const lines = measured.length === 0 ? [] : aligned([[...HEADINGS], ...measured.map(cells)]);
  const missing = skipped.map((figure) => `skipped: ${figure.name}, beside ${figure.peer}: ${figure.skipped}`);
  return [...lines, ...missing].map((line) => `${line}\n`).join("");
}

function cells(figure: Figure): string[] {
  const { name, ours, peer, peers, ratio, goal, unit } = figure;
  const verdict = verdictOf(figure);
  return [
    name,
    ours === null ? NONE : `${numeral(ours.median)} ${unit}`,
    peer,
    peers === null ? NONE : `${numeral(peers.median)} ${unit}`,
    ratio === null ? NONE : ratioText(ratio),
    goal === null ? NONE : goalText(goal, unit),
    verdict === "shown" ? "" : verdict,
    String(ours?.runs ?? peers?.runs ?? ""),
  ];
}

export function ratioText({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`;
}

function goalText({ of, at, value }: Goal, unit: Unit): string {
  return `at ${at} ${goalNumeral(value)} ${of === "ratio" ? "times" : unit}`;
}

/** Goals are round numbers, or the reciprocals of such, which are below 1. */
export function goalNumeral(value: number): string {
  return String(value < 1 ? Number(value.toPrecision(2)) : value);
}

/** More than three digits would be noise on a shared machine. */
export function numeral(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(Math.abs(value) < 1 ? 2 : 3);
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join("  ")
      .trimEnd(),
  );
}
