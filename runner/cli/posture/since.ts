import { readFile } from "node:fs/promises";
import type { Verdict } from "../../../schemas/check.js";
import type { OutputOf } from "../../harness/probe-types.js";
import { fileProblem } from "../../support/file-error.js";
import { UsageError } from "../usage-error.js";

type Checks = readonly Pick<OutputOf<"mail.posture@1.0.0">["checks"][number], "id" | "verdict" | "message">[];

/** A check whose verdict is another one than in an earlier run. */
export interface Difference {
  readonly id: string;
  /** Null: there was no such check. */
  readonly before: Verdict | null;
  readonly after: Verdict | null;
  /** Of the later run; of the earlier one where the later has no such check. */
  readonly message: string;
}

const WORST: readonly Verdict[] = ["error", "warning", "unknown", "notice", "pass", "not_applicable"];

/** What is worse comes first. Of several checks of one rule, as for each mail host, the worst counts. */
export function differencesBetween(earlier: Checks, later: Checks): Difference[] {
  const [before, after] = [worstById(earlier), worstById(later)];
  const ids = [...new Set([...before.keys(), ...after.keys()])];
  return ids
    .map((id) => ({ id, was: before.get(id) ?? null, is: after.get(id) ?? null }))
    .filter(({ was, is }) => was?.verdict !== is?.verdict)
    .map(({ id, was, is }) => ({ id, before: was?.verdict ?? null, after: is?.verdict ?? null, message: (is ?? was)?.message ?? "" }))
    .sort((one, other) => rank(one.after) - rank(other.after));
}

function rank(verdict: Verdict | null): number {
  return verdict === null ? WORST.length : WORST.indexOf(verdict);
}

function worstById(checks: Checks): Map<string, Checks[number]> {
  const worst = new Map<string, Checks[number]>();
  for (const check of checks) if (rank(check.verdict) < rank(worst.get(check.id)?.verdict ?? null)) worst.set(check.id, check);
  return worst;
}

/** The checks of the last run of a domain in a file: an envelope, or many, one a line. */
export async function checksIn(path: string, domain: string): Promise<Checks> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(fileProblem(path, error), "name a file that --json or --results has written");
  });
  const whole = checksOf(text, domain);
  if (whole !== null) return whole;
  for (const line of text.split("\n").reverse()) {
    const checks = checksOf(line, domain);
    if (checks !== null) return checks;
  }
  throw new UsageError(`${path} holds no run of posture for ${domain}`, "name a file that --json or --results has written");
}

function checksOf(text: string, domain: string): Checks | null {
  try {
    const { output } = JSON.parse(text) as { output?: { domain?: unknown; checks?: unknown } };
    return output?.domain === domain && Array.isArray(output.checks) && output.checks.every(isCheck) ? output.checks : null;
  } catch {
    return null;
  }
}

function isCheck(value: unknown): boolean {
  const { id, verdict, message } = (value ?? {}) as Record<string, unknown>;
  return typeof id === "string" && typeof message === "string" && WORST.includes(verdict as Verdict);
}
