import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type Driver, openDriver } from "../../sqlite/driver.js";
import { foreignFile, makePrivateFolder, makePrivateFolders } from "../../support/private-file.js";
import { QueueError } from "../queue-error.js";
import { Database } from "./database.js";
import { asQueueError } from "./errors.js";
import { APPLICATION_ID, FILE_SETTINGS, MIGRATIONS, SCHEMA, SCHEMA_VERSION } from "./schema.js";
import { type MachineClock, StoreClock } from "./store-clock.js";

/** Another process may be creating the tables at this moment. */
const OPEN_BUSY_MS = 10_000;
/** The log is copied into the file when it has grown by this, a quarter as often as by default: a page that was written again and again is copied once. */
const CHECKPOINT_BYTES = 16 * 1024 * 1024;

export function openDatabase(path: string, mayCreate: boolean, machine: MachineClock): Database {
  const isNew = !existsSync(path) || statSync(path).size === 0;
  if (isNew && !mayCreate) throw new QueueError("not_a_queue", `there is no queue at ${path}: check the path, or create it with \`probe-run enqueue\``);
  const foreign = foreignFile(path);
  if (foreign !== null) throw new QueueError("not_a_queue", `${foreign}: use another path`);
  let driver: Driver | null = null;
  try {
    if (isNew) makeFolder(path);
    else assertSqlite(path);
    driver = openDriver(path);
    return prepared(path, driver, machine);
  } catch (error) {
    driver?.close();
    throw asQueueError(error, path);
  }
}

/**
 * Only accessible by this user: jobs say what is run and where secrets are found. Creates the last folder only: a longer missing path is more likely
 * a mistake.
 */
function makeFolder(path: string): void {
  const folder = dirname(path);
  if (existsSync(folder)) {
    makePrivateFolders(folder);
    return;
  }
  try {
    makePrivateFolder(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    throw new QueueError("read_only", `the folder ${folder} cannot be created: ${code === "ENOENT" ? "its parent folder does not exist" : message}`, {
      cause: error,
    });
  }
}

const HEADER = "SQLite format 3\0";

/** SQLite treats a file that is shorter than its header as empty, and would overwrite it. */
function assertSqlite(path: string): void {
  const start = Buffer.alloc(HEADER.length);
  const file = openForReading(path);
  try {
    readSync(file, start, 0, start.length, 0);
  } finally {
    closeSync(file);
  }
  if (start.toString("latin1") === HEADER) return;
  throw new QueueError("corrupted", `${path} is corrupted or not a SQLite file: its header is wrong. Nothing was overwritten: move it, or use another path`);
}

function openForReading(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw new QueueError("read_only", `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function prepared(path: string, driver: Driver, machine: MachineClock): Database {
  driver.exec(`PRAGMA busy_timeout = ${OPEN_BUSY_MS}`);
  assertOurs(path, driver);
  for (const setting of FILE_SETTINGS) driver.exec(setting);
  driver.exec("PRAGMA synchronous = FULL");
  driver.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_BYTES / pageSizeOf(driver)}`);
  // Returns the space of a log that grew in a burst to the disk.
  driver.exec("PRAGMA journal_size_limit = 67108864");
  driver.exec("BEGIN IMMEDIATE");
  makeTables(driver);
  const clock = new StoreClock(driver, machine);
  driver.exec("COMMIT");
  driver.exec("PRAGMA busy_timeout = 0");
  // From here on LogSync waits for the disk. The first commit has created the log, and has waited for its folder, too.
  driver.exec("PRAGMA synchronous = NORMAL");
  return new Database(path, driver, clock);
}

/** A process of an older release that has the file open keeps working: its statements name their columns. */
function makeTables(driver: Driver): void {
  const version = versionOf(driver);
  if (version === SCHEMA_VERSION) return;
  if (version === 0) {
    driver.exec(SCHEMA);
    driver.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  } else for (let from = version; from < SCHEMA_VERSION; from++) driver.exec(MIGRATIONS[from] as string);
  driver.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

/** Checked before anything is written. */
function assertOurs(path: string, driver: Driver): void {
  const { tables } = driver.prepare("SELECT count(*) AS tables FROM sqlite_schema").all()[0] as { tables: number };
  const { application_id: id } = driver.prepare("PRAGMA application_id").all()[0] as { application_id: number };
  if (tables > 0 && id !== APPLICATION_ID) {
    throw new QueueError("not_a_queue", `${path} is a database of another program, and was not changed. Use another path`);
  }
  const version = versionOf(driver);
  if (version <= SCHEMA_VERSION) return;
  throw new QueueError("not_a_queue", `${path} was created by a newer probe-run (format ${version}; this one reads up to ${SCHEMA_VERSION}): update probe-run`);
}

/** Files of earlier releases have smaller pages. */
function pageSizeOf(driver: Driver): number {
  return (driver.prepare("PRAGMA page_size").all()[0] as { page_size: number }).page_size;
}

function versionOf(driver: Driver): number {
  return (driver.prepare("PRAGMA user_version").all()[0] as { user_version: number }).user_version;
}
