import type { Book } from "./book.js";
import type { Outcome } from "./state.js";

/** What /api/v1/checks shows of a check. */
export interface CheckView {
  readonly name: string;
  readonly target: string | null;
  /** Null on a public page, as are target and reason. */
  readonly probe: string | null;
  readonly outcome: Outcome;
  /** When the newest result began; null before the first. */
  readonly last_time: string | null;
  readonly reason: string | null;
  readonly incident: { readonly number: number; readonly opened_time: string; readonly is_flapping: boolean } | null;
}

/** What is wrong comes first. */
export function checksView(book: Book, isPublic: boolean): { readonly suite: string; readonly checks: readonly CheckView[] } {
  const checks = book.plan.checks.map(({ key, name, planned }): CheckView => {
    const { outcome, last_at, incident } = book.state(key);
    return {
      name,
      target: isPublic ? null : planned.target,
      probe: isPublic ? null : planned.check.probe,
      outcome,
      last_time: last_at === null ? null : new Date(last_at).toISOString(),
      reason: isPublic ? null : book.reason(key),
      incident:
        incident === null ? null : { number: incident.number, opened_time: new Date(incident.opened_at).toISOString(), is_flapping: incident.is_flapping },
    };
  });
  return { suite: book.plan.suite, checks: checks.sort((a, b) => Number(b.incident !== null) - Number(a.incident !== null)) };
}
