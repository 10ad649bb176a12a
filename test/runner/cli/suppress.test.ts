import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { probeRun } from "./command-line.js";

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "probe-run-suppress-"));
});
afterEach(() => rm(cwd, { recursive: true }));

const suppress = (...argv: string[]) => probeRun(["suppress", ...argv], { cwd });

test("from adding to removing", async () => {
  expect(await suppress("list")).toEqual({ code: 0, out: "the list is empty\n", err: "" });
  expect((await suppress("add", "ann@example.org", "@example.net", "--reason", "complaint", "--detail", "abuse\u001b[2Jreport")).out).toBe(
    "2 added, 0 already on the list\n",
  );
  expect((await suppress("add", "ANN@example.org", "--json")).out).toBe('{"added":0,"updated":1}\n');
  const checked = await suppress("check", "Ann@Example.org", "bob@example.net", "carl@example.com");
  expect(checked.code).toBe(1);
  expect(checked.out).toMatch(/^Ann@Example\.org: suppressed as ann@example\.org \(complaint\) since 2\S+Z: abuse/);
  expect(checked.out).toContain("carl@example.com: not suppressed\n");
  expect(checked.out).not.toContain("\u001b");
  expect((await suppress("remove", "ann@example.org", "nobody@example.org")).out).toBe("1 removed\n");
  expect(await suppress("check", "ann@example.org", "--json")).toMatchObject({ code: 0 });
  expect(JSON.parse((await suppress("list", "--json")).out)).toMatchObject([{ target: "@example.net", reason: "complaint", until: null }]);
});

test("the ledger in the environment is used", async () => {
  const env = { PROBE_RUN_DELIVERY: join(cwd, "other.db") };
  await probeRun(["suppress", "add", "ann@example.org", "--days", "1"], { cwd, env });
  expect((await suppress("list")).out).toBe("the list is empty\n");
  expect((await suppress("list", "--ledger", "other.db")).out).toContain("ann@example.org");
});

test("a ledger that cannot be created is named, with what to do", async () => {
  await writeFile(join(cwd, "file"), "");
  const path = join(cwd, "file/delivery.db");
  const { code, out, err } = await suppress("add", "ann@example.org", "--ledger", path);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toMatch(/^probe-run: the delivery ledger \S+\/file\/delivery\.db cannot be used: .+\n.+give another file in --ledger or PROBE_RUN_DELIVERY/);
});

test("a mistyped ledger is not an empty list", async () => {
  for (const words of [["list"], ["check", "a@example.org"], ["remove", "a@example.org"]]) {
    const { code, err } = await suppress(...words, "--ledger", "typo.db");
    expect([code, err]).toEqual([2, expect.stringContaining("there is no delivery ledger at")]);
    expect(existsSync(join(cwd, "typo.db"))).toBe(false);
  }
});

test("init creates a ledger, reports it, and does not change an existing one", async () => {
  expect((await suppress("init")).err).toContain("created the delivery ledger");
  await suppress("add", "ann@example.org");
  expect((await suppress("init")).err).toBe("");
  expect((await suppress("list")).out).toContain("ann@example.org");
});

test.each([
  [["frobnicate"], "use one of init, add, remove, check, list, import"],
  [["add"], "usage: probe-run suppress add <address …>"],
  [["list", "x"], "unexpected argument"],
  [["add", "no address"], "is not a valid address"],
  [["add", "a@example.org", "--reason", "hate"], "use one of bounce, complaint, unsubscribe, manual"],
  [["add", "a@example.org", "--days", "0"], "--days must be a whole number from 1"],
])("%j is rejected, and nothing is changed", async (argv, message) => {
  const { code, err } = await suppress(...argv);
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect((await suppress("list")).out).toBe("the list is empty\n");
});
