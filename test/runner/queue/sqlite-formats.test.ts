import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { Channel } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { openSqlite } from "../../../runner/queue/sqlite/backend.js";
import { APPLICATION_ID } from "../../../runner/queue/sqlite/schema.js";
import { openDriver } from "../../../runner/sqlite/driver.js";

/** As created by the first release. */
const FORMAT_1 = ["job", "result"]
  .map(
    (name) => `
  CREATE TABLE ${name} (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, key TEXT, priority INTEGER NOT NULL, state INTEGER NOT NULL,
    due INTEGER, attempt INTEGER NOT NULL, lease INTEGER, failure TEXT
  ) STRICT;
  CREATE INDEX ${name}_ready ON ${name} (priority DESC, sequence) WHERE state = 0;
  CREATE INDEX ${name}_due ON ${name} (state, due) WHERE due IS NOT NULL;
  CREATE INDEX ${name}_parked ON ${name} (key, priority DESC, sequence) WHERE state = 3;
  CREATE INDEX ${name}_leased ON ${name} (key) WHERE state = 2 AND key IS NOT NULL;
  CREATE TABLE ${name}_lane (key TEXT PRIMARY KEY, tokens REAL NOT NULL, filled REAL NOT NULL, opens REAL) STRICT, WITHOUT ROWID;
  CREATE INDEX ${name}_lane_opens ON ${name}_lane (opens) WHERE opens IS NOT NULL;
  CREATE TABLE ${name}_pause (since REAL NOT NULL) STRICT;`,
  )
  .join("");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-formats-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a file of format 1 is migrated with its contents", async () => {
  const path = join(folder, "queue.db");
  const driver = openDriver(path);
  driver.exec("CREATE TABLE clock (boot TEXT NOT NULL, base REAL NOT NULL, seen REAL NOT NULL) STRICT;");
  driver.exec(FORMAT_1);
  driver.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  driver.exec("PRAGMA user_version = 1");
  driver.exec("INSERT INTO job (id, body, priority, state, attempt) VALUES ('old', 'its body', 0, 0, 1)");
  driver.close();

  const opened = await openSqlite(path, BACKEND_DEFAULTS);
  const jobs = opened.jobs as Channel;
  const [old] = await jobs.claim({ max: 1, leaseMs: 1000, waitMs: 500, limits: NO_LIMITS });
  if (old === undefined) throw new Error("what was in the file is gone");
  expect(old).toMatchObject({ id: "old", body: "its body", attempt: 2, savedState: null, part: 1 });
  expect(await jobs.saveState([{ message: old, state: "half" }])).toEqual(["stored"]);
  await jobs.settle([{ message: old, outcome: { kind: "release" } }]);
  await opened.close();

  const again = await openSqlite(path, BACKEND_DEFAULTS);
  expect(await (again.jobs as Channel).claim({ max: 1, leaseMs: 1000, waitMs: 500, limits: NO_LIMITS })).toMatchObject([{ id: "old", savedState: "half" }]);
  await again.close();
});
