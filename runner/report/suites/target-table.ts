import { escaped } from "../html.js";
import { timeText, triesText } from "./check-section.js";
import { type CheckRun, lastTry, type SuiteRun } from "./suite-run.js";

/** How each check ended on each target: the rows of one suite. `links` holds the sections of the page. */
export function targetRows({ checks }: SuiteRun, links: ReadonlyMap<CheckRun, string>): { readonly head: string; readonly rows: string[] } {
  const targets = [...new Set(checks.map(({ target }) => target))];
  const byCheck = new Map<string, Map<string | null, CheckRun>>();
  for (const check of checks) {
    const own = byCheck.get(check.name) ?? new Map<string | null, CheckRun>();
    byCheck.set(check.name, own.set(check.target, check));
  }
  const head = targets.map((target) => `<th scope="col" class="number">${escaped(target ?? "Result")}</th>`).join("");
  const rows = [...byCheck].map(([name, own]) => {
    const cells = targets.map((target) => cell(own.get(target), links));
    return `<tr><th scope="row">${escaped(name)}</th>${cells.join("")}</tr>`;
  });
  return { head: `<tr><th scope="col">Check</th>${head}</tr>`, rows };
}

function cell(check: CheckRun | undefined, links: ReadonlyMap<CheckRun, string>): string {
  if (check === undefined) return "<td></td>";
  if (check.state === "skipped") return '<td class="number">– skipped</td>';
  const last = lastTry(check);
  const time = last === null ? "" : `${timeText(check, last)}${triesText(check)}`;
  const text = check.state === "failed" ? `✘ failed${triesText(check)}` : `✔ ${time}`;
  const id = links.get(check);
  return `<td class="number ${check.state === "failed" ? "error" : "ok"}">${id === undefined ? text : `<a href="#${id}">${text}</a>`}</td>`;
}
