import { percent } from "./day-bars.js";
import { escaped } from "./html.js";
import { milliseconds } from "./pictures.js";
import type { Spread, Summary } from "./summarise.js";

/** Percentiles, a row for each name; with a baseline also how p50 and p99 changed. */
export function spreads(rows: readonly (readonly [name: string, spread: Spread, before: Spread | null])[]): string {
  const isCompared = rows.some(([, , before]) => before !== null);
  const cell = (value: number): string => `<td class="number">${milliseconds(value)}</td>`;
  const lines = rows.map(([name, { count, least, p50, p90, p99, most }, before]) => {
    const change = isCompared
      ? `<td class="number">${before === null ? "–" : changeText(p50, before.p50)}</td><td class="number">${before === null ? "–" : changeText(p99, before.p99)}</td>`
      : "";
    return `<tr><th scope="row">${escaped(name)}</th><td class="number">${count}</td>${[least, p50, p90, p99, most].map(cell).join("")}${change}</tr>`;
  });
  return table(["", "Count", "Least", "p50", "p90", "p99", "Most", ...(isCompared ? ["p50 since baseline", "p99 since baseline"] : [])], lines);
}

/** `+12 %` */
function changeText(now: number, before: number): string {
  if (before === 0) return "–";
  const share = ((now - before) / before) * 100;
  return `${share > 0 ? "+" : ""}${share.toFixed(Math.abs(share) < 10 ? 1 : 0)} %`;
}

export function failures({ failures: all, count }: Pick<Summary, "failures" | "count">): string[] {
  if (all.length === 0) return [];
  const rows = all.map(
    ({ phase, code, count: own, message }) =>
      `<tr><td class="number">${own}</td><td class="number">${percent(own / count)}</td><td>${escaped(phase)}</td><td>${escaped(code)}</td><td class="soft">${escaped(message)}</td></tr>`,
  );
  return [`<h2>Failures</h2>${table(["Results", "Share", "Phase", "Code", "The first one"], rows, ["Phase", "Code", "The first one"])}`];
}

/** Columns of numbers stand at the right; `texts` names the others. */
export function table(heads: readonly string[], rows: readonly string[], texts: readonly string[] = [""]): string {
  const head = heads.map((name) => `<th scope="col"${texts.includes(name) ? "" : ' class="number"'}>${name}</th>`).join("");
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}
