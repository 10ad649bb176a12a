import { dirname, resolve } from "node:path";
import { type Driver, openDriver } from "../sqlite/driver.js";
import { IN_MEMORY } from "../sqlite/store-path.js";
import { inTransaction } from "../sqlite/transaction.js";
import { foreignFile, makePrivateFolders } from "../support/private-file.js";
import { RequestError } from "../support/request-error.js";
import { APPLICATION_ID, SCHEMA_STEPS } from "./schema.js";

/** Another process that reads may hold the file for a moment. */
const BUSY_MS = 5000;

/** Opens the file of a history, or makes one for its owner only. */
export function openHistoryFile(written: string): Driver {
  const path = written === IN_MEMORY ? written : resolve(written);
  if (path !== IN_MEMORY) {
    const foreign = foreignFile(path);
    if (foreign !== null) throw unusable(foreign);
  }
  const driver = opened(path);
  try {
    driver.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    prepare(driver, path);
    assertReadable(driver);
    return driver;
  } catch (error) {
    driver.close();
    if (error instanceof RequestError) throw error;
    throw unusable(`${path}: ${(error as Error).message}`);
  }
}

function opened(path: string): Driver {
  try {
    if (path !== IN_MEMORY) makePrivateFolders(dirname(path));
    return openDriver(path);
  } catch (error) {
    throw unusable(`${path}: ${(error as Error).message}`);
  }
}

function prepare(driver: Driver, path: string): void {
  const [{ application_id: application = 0 } = {}] = driver.prepare("PRAGMA application_id").all() as { application_id?: number }[];
  const [{ count = 0 } = {}] = driver.prepare("SELECT count(*) AS count FROM sqlite_schema").all() as { count?: number }[];
  if (application !== APPLICATION_ID && Number(count) > 0) throw unusable(`${path} is a SQLite file of something else`);
  // Space that retention frees is given back in small steps: vacuuming the whole file would stop the watch.
  if (Number(count) === 0) driver.exec("PRAGMA auto_vacuum = INCREMENTAL");
  // What a transaction wrote survives the process that is killed; a power cut may take the last ones back.
  driver.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  inTransaction(driver, () => {
    const [{ user_version: version = 0 } = {}] = driver.prepare("PRAGMA user_version").all() as { user_version?: number }[];
    if (version > SCHEMA_STEPS.length) throw unusable(`${path} was written by a newer version`);
    for (const step of SCHEMA_STEPS.slice(version)) driver.exec(step);
    if (version < SCHEMA_STEPS.length) driver.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_STEPS.length}`);
  });
}

/** What a watch needs to begin. Damage elsewhere keeps it from storing or showing some results, and not from watching. */
function assertReadable(driver: Driver): void {
  for (const table of ["checks", "incidents", "certificates", "certificate_checks", "outbox"]) driver.prepare(`SELECT count(*) FROM ${table}`).all();
  driver.prepare("SELECT max(length(state)) FROM checks").all();
}

function unusable(message: string): RequestError {
  return new RequestError("the history cannot be used", "usage", [{ pointer: "", message, hint: "give another path in --history, or move the file away" }]);
}
