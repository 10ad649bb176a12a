import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { type Entry, History } from "../../../runner/history/history.js";
import { HistoryThread } from "../../../runner/history/thread/history-thread.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-thread-"));
afterAll(() => rmSync(folder, { recursive: true }));

const open: HistoryThread[] = [];
afterEach(async () => {
  for (const thread of open.splice(0)) await thread.close();
});

let files = 0;
async function started(): Promise<{ thread: HistoryThread; check: number; path: string; troubles: string[] }> {
  files += 1;
  const path = join(folder, `${files}.db`);
  const troubles: string[] = [];
  const thread = await HistoryThread.open(path, { onTrouble: (message) => void troubles.push(message) });
  open.push(thread);
  const [check] = await thread.ask("checks", "suite", [{ key: "a", name: "mx1" }], "0");
  return { thread, check: check?.id as number, path, troubles };
}

const entry = (check: number, at: number): Entry => ({
  check,
  at,
  outcome: at % 2 === 0 ? "ok" : "error",
  durationMs: 1,
  weightMs: 1,
  evidence: null,
  state: String(at),
  incident: null,
  notifications: at % 10 === 0 ? [{ id: `a:${at}:1`, receiver: "r", body: "{}" }] : [],
});

test("what is asked is answered in order, and what is written can be read at once", async () => {
  const { thread, check } = await started();
  const asked = Array.from({ length: 2000 }, (_, index) => thread.ask("add", entry(check, index + 1), 0));
  const results = await thread.ask("resultsBefore", check, 5000, 5000);
  expect(results.map(({ at }) => at)).toEqual(Array.from({ length: 2000 }, (_, index) => 2000 - index));
  expect(new Set(await Promise.all(asked))).toEqual(new Set([true]));
  expect(await thread.ask("waiting")).toBe(200);
  expect(await thread.ask("add", entry(check, 7), 0)).toBe(false);
});

test("this thread goes on while another process keeps the file busy", async () => {
  const { thread, check, path } = await started();
  const other = new History(path);
  other.driver.exec("BEGIN IMMEDIATE");
  let isStored = false;
  const added = thread.ask("add", entry(check, 1), 0).then((answer) => {
    isStored = true;
    return answer;
  });
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isStored).toBe(false);
  other.driver.exec("ROLLBACK");
  other.close();
  expect(await added).toBe(true);
});

test("one that cannot be stored is refused alone; the others of its batch are stored", async () => {
  const { thread, check } = await started();
  const wrong = { ...entry(check, 2), state: null as unknown as string };
  const settled = await Promise.allSettled([1, 2, 3].map((at) => thread.ask("add", at === 2 ? wrong : entry(check, at), 0)));
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect((await thread.ask("resultsBefore", check, 10, 10)).map(({ at }) => at)).toEqual([3, 1]);
});

test("another process that writes the same checks ends it", async () => {
  const { thread, check, path } = await started();
  const other = new History(path);
  other.checks("suite", [], "0");
  other.add(entry(check, 1), 0);
  other.close();
  await expect(thread.ask("add", entry(check, 2), 0)).rejects.toThrow("another process writes to this history");
});

test("a file that cannot be used is an error of the request", async () => {
  const path = join(folder, "text.db");
  writeFileSync(path, "not a database at all, but long enough to hold a header of one\n".repeat(20));
  await expect(HistoryThread.open(path, { onTrouble: () => undefined })).rejects.toThrow("the history cannot be used");
});

test("a file that is damaged in the middle is an error of the request, too, and names it", async () => {
  const { thread, path } = await started();
  const many = Array.from({ length: 500 }, (_, index) => ({ key: `key ${index}`, name: `a check with a name ${index}` }));
  await thread.ask("checks", "suite", many, "0".repeat(100));
  await open.pop()?.close();
  const bytes = readFileSync(path);
  for (let at = 8192; at < bytes.length - 4096; at += 4096) bytes.fill("X", at, at + 2000);
  writeFileSync(path, bytes);
  await expect(HistoryThread.open(path, { onTrouble: () => undefined })).rejects.toMatchObject({
    violations: [{ message: expect.stringContaining(`${path}: database disk image is malformed`) }],
  });
});

test("after its end, every request is refused", async () => {
  const { thread } = await started();
  const last = thread.ask("waiting");
  await thread.close();
  expect(await last).toBe(0);
  await expect(thread.ask("waiting")).rejects.toThrow("the history's thread has ended");
});
