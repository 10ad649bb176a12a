import { durationText, escaped, timeElement } from "../html.js";
import { page } from "../page.js";
import { waterfall } from "../pictures.js";
import { failures, spreads, table } from "../result-tables.js";
import type { Sample } from "../sample.js";
import { summarise } from "../summarise.js";
import { failedCheck, passedCheck } from "./check-section.js";
import { PageSpace } from "./page-space.js";
import { type CheckRun, type SuiteRun, triedSample } from "./suite-run.js";
import { targetRows } from "./target-table.js";
import { TypicalRuns } from "./typical-runs.js";

/** With its style, a page has at most 5 MB. */
const MOST_BYTES = 4_900_000;
/** Shares of what is left, in this order. */
const SHARES = { suites: 0.05, probes: 0.05, failed: 0.5, passed: 0.5 } as const;

export interface SuiteReportOptions {
  readonly title: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** One file for a run of suites: what failed and why, every check on every target, and times by operation. */
export function suiteReport(suites: readonly SuiteRun[], { title, startedAt, endedAt }: SuiteReportOptions): string {
  const checks = suites.flatMap((suite) => suite.checks);
  const failed = checks.filter(({ state }) => state === "failed");
  const passed = checks.filter(({ state }) => state === "passed");
  const space = new PageSpace(MOST_BYTES);
  const links = new Map<CheckRun, string>();
  const overview = suiteOverview(suites, space);
  const statistics = [...operations(checks, space), ...failures(failedRuns(failed))];
  const typical = new TypicalRuns(suites);
  const failedText = sections(failed, "failed", (check, id) => failedCheck(check, typical.besides(check), id), space, links);
  const passedText = sections(passed, "passed", (check, id) => passedCheck(check, typical.besides(check), id), space, links);
  const body = [
    `<header><h1>${escaped(title)}</h1><p class="soft">${timeElement(startedAt)}, in ${durationText(endedAt - startedAt)}</p></header><main>`,
    verdict(checks, suites),
    ...overview,
    ...(failed.length === 0 ? [] : [`<h2>Failed</h2>${failedText}`]),
    "<h2>Checks</h2>",
    ...suites.map((suite) => matrix(suite, links, space)),
    ...statistics,
    ...(passed.length === 0 ? [] : [`<h2>Passed</h2>${passedText}`]),
    "</main>",
  ];
  return page(`${failed.length === 0 ? "" : `(${failed.length}) `}${title}`, body.join("\n"));
}

function verdict(checks: readonly CheckRun[], suites: readonly SuiteRun[]): string {
  const failed = checks.filter(({ state }) => state === "failed").length;
  const ran = checks.filter(({ state }) => state !== "skipped").length;
  const broken = suites.filter(({ problems }) => problems.length > 0).length;
  if (broken > 0) return `<p class="error">✘ ${broken} of ${suites.length} suites could not be run to their end.</p>`;
  if (failed > 0) return `<p class="error">✘ ${failed} of ${ran} checks failed.</p>`;
  return ran === 0 ? "<p>No check was run.</p>" : `<p class="ok">✔ ${ran === 1 ? "The check" : `All ${ran} checks`} passed.</p>`;
}

function suiteOverview(suites: readonly SuiteRun[], space: PageSpace): string[] {
  const { texts, omitted } = space.fitting(
    suites,
    ({ name, file, checks, problems }) => {
      const count = (state: CheckRun["state"]): number => checks.filter((check) => check.state === state).length;
      const retried = checks.filter(({ tries }) => tries.length > 1).length;
      const numbers = [count("passed"), count("failed"), count("skipped"), retried].map((each) => `<td class="number">${each}</td>`);
      const wrong = problems.length === 0 ? "" : `<br><span class="error">✘ ${escaped((problems[0] as string).slice(0, 2000))}</span>`;
      return `<tr><th scope="row">${escaped(name)} <span class="soft">${escaped(file)}</span>${wrong}</th>${numbers.join("")}</tr>`;
    },
    SHARES.suites,
  );
  return [`<h2>Suites</h2>${table(["", "Passed", "Failed", "Skipped", "Retried"], texts)}${omittedText(omitted, "suites")}`];
}

/** Times of all runs of a probe, on all targets, with the tries that were repeated. */
function operations(checks: readonly CheckRun[], space: PageSpace): string[] {
  const byProbe = new Map<string, Sample[]>();
  for (const sample of checks.flatMap((check) => check.tries.flatMap((tried) => triedSample(check, tried) ?? [])))
    byProbe.get(sample.probe)?.push(sample) ?? byProbe.set(sample.probe, [sample]);
  const { texts, omitted } = space.fitting(
    [...byProbe],
    ([probe, samples]) => {
      const { spread, operations: own } = summarise(samples);
      const rows = own.map(({ name, spread: each }) => [name, each, null] as const);
      const all = spread === null ? [] : [["whole run", spread, null] as const];
      return `<h3>${escaped(probe)}</h3>${own.length === 0 ? "" : waterfall(own)}${spreads([...all, ...rows])}`;
    },
    SHARES.probes,
  );
  return texts.length === 0 ? [] : [`<h2>Operations</h2>${texts.join("\n")}${omittedText(omitted, "probes")}`];
}

function failedRuns(failed: readonly CheckRun[]): Parameters<typeof failures>[0] {
  const samples = failed.flatMap((check) =>
    check.tries.slice(-1).flatMap((tried): Sample[] => {
      const sample = triedSample(check, tried);
      if (sample === null) return [];
      const unmet = { phase: "–", code: "expectation", message: (tried.reasons[0] ?? "not as expected").slice(0, 500) };
      return [{ ...sample, status: "error", failure: sample.failure ?? unmet }];
    }),
  );
  return summarise(samples);
}

function sections(
  checks: readonly CheckRun[],
  state: "failed" | "passed",
  sectionOf: (check: CheckRun, id: string) => string,
  space: PageSpace,
  links: Map<CheckRun, string>,
): string {
  const idOf = (index: number): string => `${state}-${index + 1}`;
  const { texts, omitted } = space.fitting(checks, (check, index) => sectionOf(check, idOf(index)), SHARES[state]);
  for (const [index] of texts.entries()) links.set(checks[index] as CheckRun, idOf(index));
  return `${texts.join("\n")}${omittedText(omitted, "checks")}`;
}

function matrix(suite: SuiteRun, links: ReadonlyMap<CheckRun, string>, space: PageSpace): string {
  const { head, rows } = targetRows(suite, links);
  const { texts, omitted } = space.fitting([head, ...rows], (row) => row);
  const [first = "", ...others] = texts;
  const label = `Checks of ${escaped(suite.name)}`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table><caption>${escaped(suite.name)}</caption><thead>${first}</thead><tbody>${others.join("\n")}</tbody></table></div>${omittedText(omitted, "checks")}`;
}

function omittedText(omitted: number, what: string): string {
  return omitted === 0 ? "" : `<p class="soft">and ${omitted} more ${what}, for which this page has no space</p>`;
}
