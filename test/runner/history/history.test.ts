import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { certificatesOf } from "../../../runner/history/certificates.js";
import { type Entry, History } from "../../../runner/history/history.js";
import type { WaitingBatch } from "../../../runner/history/outbox.js";
import { deleteOld } from "../../../runner/history/retention.js";
import { APPLICATION_ID, SCHEMA_STEPS } from "../../../runner/history/schema.js";
import { openDriver } from "../../../runner/sqlite/driver.js";
import { IN_MEMORY } from "../../../runner/sqlite/store-path.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-history-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FIRST = '{"first":true}';
const HOUR = 3_600_000;
const ALONE = { most: 1, waitMs: 0 };

function withCheck(path = IN_MEMORY): { history: History; check: number } {
  const history = new History(path);
  const [check] = history.checks("suite", [{ key: "a", name: "mx1 greets" }], FIRST);
  return { history, check: check?.id as number };
}

const entry = (check: number, fields: Partial<Entry>): Entry => ({
  check,
  at: 1000,
  outcome: "error",
  durationMs: 12.5,
  weightMs: 60_000,
  evidence: { reason: "refused", output: "{}" },
  state: '{"second":true}',
  incident: null,
  notifications: [],
  ...fields,
});

const rows = (history: History, table: string): unknown[] => history.driver.prepare(`SELECT * FROM ${table}`).all();

describe("a result and what follows from it", () => {
  const incident = { number: 1, openedAt: 1000, closedAt: null, isFlapping: false, reason: "refused" };
  const notifications = [{ id: "a:1:1", receiver: "r", body: "{}" }];

  test("are stored together", () => {
    const { history, check } = withCheck();
    expect(history.add(entry(check, { incident, notifications }), 5000)).toBe(true);
    expect(history.checks("suite", [], FIRST)).toEqual([{ id: check, key: "a", name: "mx1 greets", state: '{"second":true}' }]);
    expect(rows(history, "results")).toEqual([{ check_id: check, at: 1000, outcome: 2, duration_us: 12_500 }]);
    expect(rows(history, "evidence")).toHaveLength(1);
    expect(rows(history, "incidents")).toMatchObject([{ number: 1, opened_at: 1000, closed_at: null }]);
    expect(history.outbox.batch("r", ALONE, 5000)).toEqual({ receiver: "r", attempt: 0, notifications: [{ id: "a:1:1", receiver: "r", body: "{}" }] });
    expect(rows(history, "hours")).toMatchObject([{ hour: 0, error: 1, ok: 0, duration_us: 12_500 }]);
    history.close();
  });

  test("a repetition changes nothing", () => {
    const { history, check } = withCheck();
    history.add(entry(check, {}), 5000);
    expect(history.add(entry(check, { state: "other", outcome: "ok", incident, notifications }), 6000)).toBe(false);
    expect(history.checks("suite", [], FIRST)[0]?.state).toBe('{"second":true}');
    expect([rows(history, "incidents"), rows(history, "outbox")]).toEqual([[], []]);
    history.close();
  });

  test("are not stored when another process changed the check meanwhile", () => {
    const path = join(folder, "shared.db");
    const { history, check } = withCheck(path);
    const other = withCheck(path);
    other.history.add(entry(other.check, { at: 2000 }), 5000);
    const before = ["results", "evidence", "incidents", "outbox", "hours"].map((table) => rows(history, table));
    for (const at of [3000, 4000])
      expect(() => history.add(entry(check, { at, incident, notifications }), 5000)).toThrow(/another process writes to this history/);
    expect(["results", "evidence", "incidents", "outbox", "hours"].map((table) => rows(history, table))).toEqual(before);
    history.close();
    other.history.close();
  });

  test("several are stored together or not at all, and the next one follows what is stored", () => {
    const { history, check } = withCheck();
    const failing = (): never => {
      throw new Error("the disk is full");
    };
    expect(() =>
      history.together(() => {
        history.add(entry(check, { state: "lost" }), 0);
        failing();
      }),
    ).toThrow("the disk is full");
    expect(rows(history, "results")).toEqual([]);
    history.together(() => {
      history.add(entry(check, { at: 1, state: "1" }), 0);
      history.add(entry(check, { at: 2, state: "2" }), 0);
    });
    history.add(entry(check, { at: 3, state: "3" }), 0);
    expect(rows(history, "results")).toHaveLength(3);
    expect(history.checks("suite", [], FIRST)[0]?.state).toBe("3");
    history.close();
  });
});

describe("the outbox", () => {
  test("gives each receiver the oldest that it has not taken, and no later one before it", () => {
    const { history } = withCheck();
    history.outbox.add([{ id: "a:1:1", receiver: "r", body: "1" }], 1000);
    history.outbox.add(
      [
        { id: "a:1:2", receiver: "r", body: "2" },
        { id: "a:1:2", receiver: "s", body: "2" },
        { id: "a:1:1", receiver: "r", body: "a repetition" },
      ],
      2000,
    );
    const first = history.outbox.batch("r", ALONE, 2000) as WaitingBatch;
    expect(first).toMatchObject({ notifications: [{ body: "1" }], attempt: 0 });
    history.outbox.postpone(first, 9000.5);
    expect(history.outbox.batch("r", ALONE, 9000)).toBeNull();
    expect(history.outbox.batch("r", ALONE, 9001)).toMatchObject({ notifications: [{ body: "1" }], attempt: 1 });
    expect(history.outbox.batch("s", ALONE, 2000)).toMatchObject({ notifications: [{ body: "2" }] });
    history.outbox.end(first, 9100);
    expect(history.outbox.batch("r", ALONE, 2000)).toMatchObject({ notifications: [{ body: "2" }] });
    expect(history.outbox.waiting()).toBe(2);
    history.close();
  });

  test("sends together what came within a time, and the same again in each attempt", () => {
    const { history } = withCheck();
    const add = (number: number, at: number): void => history.outbox.add([{ id: `a:${number}:1`, receiver: "r", body: String(number) }], at);
    const together = { most: 3, waitMs: 30_000 };
    const bodies = (now: number) => history.outbox.batch("r", together, now)?.notifications.map(({ body }) => body);
    add(1, 1000);
    add(2, 20_000);
    expect(bodies(30_999)).toBeUndefined();
    expect(bodies(31_000)).toEqual(["1", "2"]);
    for (const number of [3, 4, 5, 6]) add(number, 32_000);
    expect(bodies(90_000)).toEqual(["1", "2"]);
    history.outbox.postpone(history.outbox.batch("r", together, 90_000) as WaitingBatch, 100_000);
    expect(bodies(99_999)).toBeUndefined();
    expect(history.outbox.batch("r", together, 100_000)).toMatchObject({ attempt: 1, notifications: [{ body: "1" }, { body: "2" }] });
    history.outbox.end(history.outbox.batch("r", together, 100_000) as WaitingBatch, 100_001);
    expect(bodies(100_001)).toEqual(["3", "4", "5"]);
    history.close();
  });
});

test("a file of the first version gets what it lacks", () => {
  const path = join(folder, "old.db");
  const driver = openDriver(path);
  driver.exec(`${SCHEMA_STEPS[0]}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1`);
  driver.exec("INSERT INTO outbox (id, receiver, body, due) VALUES ('a:1:1', 'r', '{}', 5)");
  driver.close();
  const history = new History(path);
  expect(history.outbox.batch("r", ALONE, 5)).toMatchObject({ notifications: [{ id: "a:1:1" }] });
  history.close();
});

test("certificates of a file from before their column was renamed are still known", () => {
  const path = join(folder, "version-5.db");
  const driver = openDriver(path);
  for (const step of SCHEMA_STEPS.slice(0, 5)) driver.exec(step);
  driver.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 5`);
  driver.exec(
    `INSERT INTO certificates (suite, fingerprint, subject, not_before, not_after, told, is_over, checks) VALUES ('suite', 'ab', 'mx1', 1, 2, 3, 0, '["a"]')`,
  );
  driver.close();
  const history = new History(path);
  expect(certificatesOf(history, "suite")).toEqual([
    { fingerprint: "ab", subject: "mx1", not_before: 1, not_after: 2, warned_level: 3, is_over: 0, checks: ["a"] },
  ]);
  history.close();
});

test("what is older than it is kept goes, slice by slice", () => {
  const { history, check } = withCheck();
  for (let index = 0; index < 40; index++) {
    const outcome = index % 4 === 0 ? "error" : "ok";
    history.add(entry(check, { at: index * HOUR, outcome, state: `${index}`, evidence: outcome === "ok" ? null : { reason: "x", output: null } }), 0);
  }
  const keep = { resultsMs: 10 * HOUR, failuresMs: 20 * HOUR, hoursMs: 30 * HOUR };
  expect(deleteOld(history.driver, keep, 40 * HOUR)).toBe(false);
  const results = rows(history, "results") as { at: number; outcome: number }[];
  expect(Math.min(...results.filter(({ outcome }) => outcome === 0).map(({ at }) => at))).toBe(30 * HOUR + HOUR * 0);
  expect(Math.min(...results.filter(({ outcome }) => outcome === 2).map(({ at }) => at))).toBe(20 * HOUR);
  expect(rows(history, "evidence")).toHaveLength(5);
  expect(rows(history, "hours")).toHaveLength(30);

  const insert = history.driver.prepare("INSERT INTO results (check_id, at, outcome, duration_us) VALUES (1, ?, 0, 1)");
  history.driver.exec("BEGIN");
  for (let index = 0; index < 12_000; index++) insert.run(-1 - index);
  history.driver.exec("COMMIT");
  expect(deleteOld(history.driver, keep, 40 * HOUR)).toBe(true);
  expect(deleteOld(history.driver, keep, 40 * HOUR)).toBe(false);
  history.close();
});

describe("the file", () => {
  test("is its owner's only, and goes on where it was", () => {
    const path = join(folder, "new", "history.db");
    const { history, check } = withCheck(path);
    history.add(entry(check, {}), 0);
    history.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = withCheck(path);
    expect(again.check).toBe(check);
    expect(rows(again.history, "results")).toHaveLength(1);
    again.history.close();
  });

  test("of something else is left as it is", () => {
    const other = join(folder, "other.db");
    const driver = openDriver(other);
    driver.exec("CREATE TABLE mine (a)");
    driver.close();
    expect(() => new History(other)).toThrow("the history cannot be used");
    const text = join(folder, "text.db");
    writeFileSync(text, "not a database at all, but long enough to hold a header of one\n".repeat(20));
    expect(() => new History(text)).toThrow("the history cannot be used");
  });
});

test("a clock that was set back delays nothing that waits by more than it would have waited", () => {
  const { history } = withCheck();
  const hour = 3_600_000;
  history.outbox.add([{ id: "a:1:1", receiver: "r", body: "1" }], hour);
  const first = history.outbox.batch("r", ALONE, 0) as WaitingBatch;
  expect(first).toMatchObject({ notifications: [{ id: "a:1:1" }] });
  history.outbox.postpone(first, hour + 60_000);
  expect(history.outbox.batch("r", ALONE, hour)).toBeNull();
  expect(history.outbox.batch("r", ALONE, 1000)).toMatchObject({ attempt: 1 });
  history.close();
});

test("what waits for receivers that a suite no longer has is ended, and nothing of another suite", () => {
  const { history } = withCheck();
  const of = (suite: string): string => JSON.stringify({ data: { suite } });
  history.outbox.add(
    [
      { id: "a", receiver: "kept", body: of("mine") },
      { id: "b", receiver: "gone", body: of("mine") },
      { id: "c", receiver: "gone", body: of("another's") },
    ],
    0,
  );
  expect(history.outbox.endOthers("mine", ["kept"], 1)).toBe(1);
  expect(history.outbox.batch("kept", ALONE, 1)).toMatchObject({ notifications: [{ id: "a" }] });
  expect(history.outbox.batch("gone", ALONE, 1)).toMatchObject({ notifications: [{ id: "c" }] });
  history.close();
});
