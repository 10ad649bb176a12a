import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { Output, Rule } from "./schema.js";

/** The rules that do not hold; what several pages have in common is said once, with their paths. */
export function findingsOf(url: string, rules: readonly Rule[], paths: Output["paths"]): Finding[] {
  const found = new Map<string, { readonly rule: Rule; readonly pages: string[] }>();
  const pages = [{ path: pathOf(url), rules }, ...paths];
  for (const page of pages)
    for (const rule of page.rules) {
      if (rule.result !== "warning" && rule.result !== "error") continue;
      const key = JSON.stringify([rule.rule, rule.result, rule.message]);
      const known = found.get(key) ?? { rule, pages: [] };
      known.pages.push(page.path);
      found.set(key, known);
    }
  return [...found.values()].map(({ rule, pages: [first, ...others] }) => {
    const message = paths.length === 0 ? rule.message : `${[first, ...others].join(", ")}: ${rule.message}`;
    return finding(rule.result as "warning" | "error", rule.rule, message, rule.fix, rule.evidence[0] ?? null);
  });
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}
