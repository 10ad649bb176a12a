import type { Vitest } from "vitest/node";
import type { PlannedCheck } from "../suite/plan.js";
import type { ReadSuite } from "../suite/read.js";
import { table } from "../support/table.js";

const SIGNS: Readonly<Record<string, string>> = { passed: "ok", failed: "FAILED", skipped: "-", pending: "-" };

/** How each check ended on each target: one table for each suite with several targets. */
export function summaryTables(suites: readonly ReadSuite[], vitest: Vitest): string {
  const modules = vitest.state.getTestModules();
  return suites
    .map((read) => {
      const module = modules.find(({ moduleId }) => moduleId === read.files.file);
      const tests = module === undefined ? [] : [...module.children.allTests()];
      const ended = new Map(tests.map((test) => [test.name, signOf(test.result().state, test.diagnostic()?.retryCount ?? 0)]));
      return tableOf(read, ended);
    })
    .filter((text) => text !== "")
    .join("\n");
}

function tableOf({ suite, checks }: ReadSuite, ended: ReadonlyMap<string, string>): string {
  const ran = checks.filter(({ title }) => ended.has(title));
  const targets = [...new Set(ran.map(({ target }) => target))];
  if (targets.length < 2 || ran.every(({ title }) => ended.get(title) === "-")) return "";
  const rows = [...new Set(ran.map(checkNameOf))].map((check) => [
    check,
    ...targets.map((target) => {
      const planned = ran.find((each) => each.target === target && checkNameOf(each) === check);
      return planned === undefined ? "" : (ended.get(planned.title) as string);
    }),
  ]);
  return table([suite.name, ...targets.map(String)], rows, Number.POSITIVE_INFINITY);
}

/** Its name without the target. */
export function checkNameOf({ target, title }: PlannedCheck): string {
  return target === null ? title : title.slice(target.length + 1);
}

function signOf(state: string, retries: number): string {
  return `${SIGNS[state] ?? state}${retries > 0 ? ` (${retries + 1} tries)` : ""}`;
}
