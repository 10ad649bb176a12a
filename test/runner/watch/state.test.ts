import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applied, type Change, type CheckState, FIRST_STATE, FLAPPING, type Outcome, type Rules } from "../../../runner/watch/state.js";

interface Result {
  at: number;
  outcome: Outcome;
  hasFailed?: boolean;
  isUnexplained?: boolean;
  weightMs?: number;
}

function play(results: readonly Result[], rules: Rules): { state: CheckState; changes: Change[] } {
  let state = FIRST_STATE;
  const changes: Change[] = [];
  for (const result of results) {
    const next = applied(state, result, rules);
    // What is stored is JSON: nothing may be lost on the way.
    state = JSON.parse(JSON.stringify(next.state)) as CheckState;
    if (next.change !== null) changes.push(next.change);
  }
  return { state, changes };
}

type Word = Omit<Result, "at">;
const minutes = (words: readonly Word[]): Result[] => words.map((word, index) => ({ at: 60_000 * (index + 1), ...word }));
const WORDS: Readonly<Record<string, Word>> = {
  o: { outcome: "ok" },
  w: { outcome: "warning" },
  e: { outcome: "error" },
  u: { outcome: "unknown" },
  s: { outcome: "suppressed" },
  // It could not be run.
  x: { outcome: "unknown", isUnexplained: true },
  // Within maintenance: fine, failed.
  m: { outcome: "maintenance", hasFailed: false },
  M: { outcome: "maintenance", hasFailed: true },
};
const words = (marks: string): Word[] => [...marks].map((mark) => WORDS[mark] as Word);
const kinds = (marks: string, rules: Rules): string[] => play(minutes(words(marks)), rules).changes.map(({ kind, at }) => `${kind}@${at / 60_000}`);

const USUAL: Rules = { fireAfter: { failures: 3, of: 3 }, clearAfter: 2 };

describe("a check that cannot be run, and is to be reported after five minutes", () => {
  const rules: Rules = { ...USUAL, unknownAfterMs: 300_000 };

  test.each([
    ["ooxxxxx", []],
    ["ooxxxxxx", ["unknown@8"]],
    // Once, and its first success ends it.
    ["ooxxxxxxxxxxxxo", ["unknown@8", "recovered@15"]],
    ["xxxxxxxoo", ["unknown@6", "recovered@9"]],
    // One run, or a failure that another check explains: it can be run.
    ["ooxxxxoxxxxx", []],
    ["ooxxxxsxxxxx", []],
    // What the watch itself or a location explains does not count, and maintenance changes nothing.
    ["oouuuuuuuuuuuu", []],
    ["ooxxmmmx", ["unknown@8"]],
    // Then it fails.
    ["ooxxxxxxeee", ["unknown@8", "error@11"]],
    ["ooxxxxxxeeeoo", ["unknown@8", "error@11", "recovered@13"]],
    // Its incident is open: it was reported that something is wrong.
    ["eeexxxxxxxxxx", ["error@3"]],
    ["oxoxoxoxoxoxox", []],
  ])("%s", (marks, expected) => {
    expect(kinds(marks, rules)).toEqual(expected);
  });

  test("one that runs less often is reported at its first slot", () => {
    const { changes } = play([{ at: 86_400_000, outcome: "unknown", isUnexplained: true, weightMs: 86_400_000 }], rules);
    expect(changes.map(({ kind }) => kind)).toEqual(["unknown"]);
  });

  test("without that rule it never is", () => {
    expect(kinds("x".repeat(50), USUAL)).toEqual([]);
  });
});

describe("by example", () => {
  test("opens after failures in a row, closes after successes in a row", () => {
    expect(kinds("oeeoeeeow", USUAL)).toEqual(["error@7", "recovered@9"]);
  });

  test("x of y", () => {
    expect(kinds("eeoooeooo", { fireAfter: { failures: 3, of: 9 }, clearAfter: 3 })).toEqual(["error@6", "recovered@9"]);
  });

  test("after a recovery the failures before it do not open another", () => {
    expect(kinds("eeeooeoee", { fireAfter: { failures: 3, of: 9 }, clearAfter: 2 })).toEqual(["error@3", "recovered@5", "error@9"]);
  });

  test("unknown and suppressed count neither way", () => {
    expect(kinds("eusuesueoususo", USUAL)).toEqual(["error@8", "recovered@14"]);
  });

  test("a check that fails every other time for an hour: one incident, flapping, and one recovery", () => {
    expect(kinds(`${"eo".repeat(30)}${"o".repeat(25)}`, USUAL)).toEqual(["flapping@7", `recovered@${60 + FLAPPING.of - 1}`]);
  });

  test("an open incident that begins to flap is reported once", () => {
    expect(kinds(`eeeoeoeoeoeoe${"o".repeat(20)}`, USUAL)).toEqual(["error@3", "flapping@8", "recovered@33"]);
  });

  test("one that opened as flapping and then is down is reported as an error, once", () => {
    expect(kinds("eoeoeoeeeeee", USUAL)).toEqual(["flapping@7", "error@9"]);
    expect(kinds(`eoeoeoeee${"oe".repeat(6)}eee${"o".repeat(20)}`, USUAL)).toEqual(["flapping@7", "error@9", "recovered@44"]);
    expect(kinds("eeeoeoeoeoeoeeee", USUAL)).toEqual(["error@3", "flapping@8"]);
  });

  test("what fails in maintenance opens nothing, and opens at once if it still fails after it", () => {
    expect(kinds("oMMMMMe", USUAL)).toEqual(["error@7"]);
    expect(kinds("oMMMMuse", USUAL)).toEqual(["error@8"]);
    expect(kinds("oMMMMoee", USUAL)).toEqual([]);
    expect(kinds("oMMMmeo", USUAL)).toEqual([]);
    expect(kinds("eeemmmMmoo", USUAL)).toEqual(["error@3", "recovered@10"]);
  });

  test("a late or repeated result changes nothing", () => {
    const before = play(minutes(words("eeeoo")), USUAL).state;
    for (const at of [60_000, 300_000]) expect(applied(before, { at, outcome: "error" }, USUAL)).toEqual({ state: before, change: null });
  });
});

/** The same by its definition, from all results and with nothing remembered. */
function naive(results: readonly Result[], rules: Rules): Pick<Change, "kind" | "at" | "incident">[] {
  const accepted = results.filter(({ at }, index) => results.slice(0, index).every((earlier) => earlier.at < at));
  const measured = accepted.filter(({ outcome }) => ["ok", "warning", "error"].includes(outcome));
  const changes: Pick<Change, "kind" | "at" | "incident">[] = [];
  let isOpen = false;
  let isFlapping = false;
  let isError = false;
  let closedAt = 0;
  let incident = 0;
  /** The newest result before this one that is not unknown or suppressed failed within maintenance. */
  const failedInMaintenance = ({ at }: Result): boolean => {
    const before = accepted.filter((other) => other.at < at && other.outcome !== "unknown" && other.outcome !== "suppressed").at(-1);
    return before?.outcome === "maintenance" && before.hasFailed === true;
  };
  for (let end = 1; end <= measured.length; end++) {
    const last = measured.slice(Math.max(0, end - FLAPPING.of), end).map(({ outcome }) => outcome === "error");
    const flips = last.slice(1).filter((fails, index) => fails !== last[index]).length;
    const sinceClosed = measured.slice(closedAt, end).map(({ outcome }) => outcome === "error");
    const { at } = measured[end - 1] as Result;
    const tail = (length: number) => sinceClosed.slice(-length);
    if (isOpen) {
      const needed = isFlapping ? FLAPPING.of : rules.clearAfter;
      if (sinceClosed.length >= needed && tail(needed).every((fails) => !fails)) {
        changes.push({ kind: "recovered", at, incident });
        isOpen = false;
        closedAt = end;
      } else if (isFlapping && !isError && last.at(-1) === true && tail(rules.fireAfter.of).filter((fails) => fails).length >= rules.fireAfter.failures) {
        isError = true;
        changes.push({ kind: "error", at, incident });
      } else if (!isFlapping && flips > FLAPPING.changes) {
        isFlapping = true;
        changes.push({ kind: "flapping", at, incident });
      }
    } else if (last.at(-1) === true) {
      const failures = tail(rules.fireAfter.of).filter((fails) => fails).length;
      if (failures < rules.fireAfter.failures && flips <= FLAPPING.changes && !failedInMaintenance(measured[end - 1] as Result)) continue;
      isOpen = true;
      isFlapping = flips > FLAPPING.changes;
      isError = !isFlapping;
      incident += 1;
      changes.push({ kind: isFlapping ? "flapping" : "error", at, incident });
    }
  }
  return changes;
}

const outcomes = fc.constantFrom<Outcome>("ok", "ok", "warning", "error", "error", "error", "unknown", "suppressed", "maintenance");
const rules = fc
  .record({ failures: fc.integer({ min: 1, max: 6 }), more: fc.integer({ min: 0, max: 10 }), clearAfter: fc.integer({ min: 1, max: 6 }) })
  .map(({ failures, more, clearAfter }): Rules => ({ fireAfter: { failures, of: failures + more }, clearAfter }));
/** Moments that come in any order, and more than once. */
const results = fc.array(fc.record({ at: fc.integer({ min: 1, max: 150 }), outcome: outcomes, hasFailed: fc.boolean() }), { maxLength: 200 });
const mostlyInOrder = fc
  .array(fc.tuple(outcomes, fc.integer({ min: -2, max: 3 }), fc.boolean()), { maxLength: 200 })
  .map((steps) => steps.map(([outcome, move, hasFailed], index) => ({ at: index + move, outcome, hasFailed })));

describe("against a naive model", () => {
  test("any order, repetition and loss of results: the same changes", () => {
    fc.assert(
      fc.property(fc.oneof(results, mostlyInOrder), rules, (all, wanted) => {
        const { changes } = play(all, wanted);
        expect(changes.map(({ kind, at, incident }) => ({ kind, at, incident }))).toEqual(naive(all, wanted));
      }),
      { numRuns: 2000 },
    );
  });

  test("changes of a check alternate: an incident opens before it closes, ids never repeat", () => {
    fc.assert(
      fc.property(mostlyInOrder, rules, (all, wanted) => {
        const { state, changes } = play(all, wanted);
        const ids = changes.map(({ incident, transition }) => `${incident}:${transition}`);
        expect(new Set(ids).size).toBe(ids.length);
        const open = new Set<number>();
        for (const { kind, incident, transition } of changes) {
          if (transition === 1) open.add(incident);
          expect(open.has(incident)).toBe(true);
          if (kind === "recovered") open.delete(incident);
        }
        expect([...open]).toEqual(state.incident === null ? [] : [state.incident.number]);
      }),
    );
  });
});
