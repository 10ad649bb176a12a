import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Database } from "../../../runner/queue/sqlite/database.js";
import { LogSync } from "../../../runner/queue/sqlite/log-sync.js";
import { openDatabase } from "../../../runner/queue/sqlite/open-database.js";
import { machineClock } from "../../../runner/queue/sqlite/store-clock.js";
import { SYNC_EVERY_MS } from "../../../runner/queue/timing.js";
import { openDriver } from "../../../runner/sqlite/driver.js";

let folder: string;
let opened: Database;
const path = () => join(folder, "queue.db");

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-log-sync-"));
  opened = openDatabase(path(), true, machineClock);
});
afterEach(async () => {
  await opened.close();
  await rm(folder, { recursive: true });
});

const store = (database: Database, id: string) =>
  database.write(() => database.prepare("INSERT INTO job (id, body, priority, state, attempt) VALUES (?, '', 0, 0, 0)").run(id), "immediate");

/** The ids in the file of the database alone: what it holds without its log. */
async function idsInFile(): Promise<string[]> {
  const copy = join(folder, "copy.db");
  await copyFile(path(), copy);
  const driver = openDriver(copy);
  try {
    return (driver.prepare("SELECT id FROM job ORDER BY sequence").all() as { id: string }[]).map(({ id }) => id);
  } finally {
    driver.close();
    await rm(copy);
  }
}

test("a durable write is in the log, and the file of the database is left as it is", async () => {
  await store(opened, "a-durable-write");
  const holds = async (file: string) => (await readFile(file)).includes("a-durable-write");
  expect([await holds(`${path()}-wal`), await holds(path())]).toEqual([true, false]);
});

test("calls of the same moment share one wait, and a later call has its own", async () => {
  const log = new LogSync(`${path()}-wal`, () => {
    throw new Error("the log can be synced");
  });
  const [first, same] = [log.sync("immediate"), log.sync("immediate")];
  expect(same).toBe(first);
  await Promise.resolve();
  const later = log.sync("immediate");
  expect(later).not.toBe(first);
  await Promise.all([first, later]);
  await log.close();
});

test("a grouped call waits until some time after the last one, unless an immediate one comes", async () => {
  const log = new LogSync(`${path()}-wal`, () => {
    throw new Error("the log can be synced");
  });
  const began = performance.now();
  await log.sync("grouped");
  await log.sync("grouped");
  // A timer may fire a millisecond early.
  expect(performance.now() - began).toBeGreaterThan(SYNC_EVERY_MS - 2);
  const grouped = log.sync("grouped");
  expect(log.sync("immediate")).toBe(grouped);
  await grouped;
  const last = log.sync("grouped");
  await log.close();
  await last;
});

describe("a log that the system cannot write", () => {
  /** The same database, whose log is looked for where there is none. */
  const broken = () => new Database(join(folder, "elsewhere"), opened.driver, opened.clock);

  test("what was committed is copied into the file, which is waited for", async () => {
    await store(broken(), "a");
    expect(await idsInFile()).toEqual(["a"]);
  });

  test("while that fails, too, no write is accepted; afterwards the next one brings all that came before it", async () => {
    const database = broken();
    const reader = openDriver(path());
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM job").all();
    await expect(store(database, "a")).rejects.toMatchObject({ name: "QueueError", code: "failed", message: expect.stringContaining("check it") });
    await expect(store(database, "b")).rejects.toMatchObject({ code: "failed" });
    reader.exec("COMMIT");
    reader.close();
    await store(database, "c");
    expect(await idsInFile()).toEqual(["a", "b", "c"]);
  });
});
