import { createRequire } from "node:module";
import { makePrivateFile } from "../support/private-file.js";
import { IN_MEMORY } from "./store-path.js";

/** The part of SQLite that is used, the same for libsql and for Node. */
export interface Driver {
  prepare(sql: string): Statement;
  exec(sql: string): void;
  close(): void;
}

/** Prepared once and kept: libsql 0.5 never frees the memory of a prepared statement. */
export interface Statement {
  run(...values: readonly Value[]): { changes: number | bigint };
  all(...values: readonly Value[]): unknown[];
}

export type Value = string | number | null;

type Constructor = new (path: string) => Driver;

/**
 * Node's own SQLite if available: it is twice as fast and needs no installation. A new file is accessible by its owner only, and so are those beside
 * it.
 */
export function openDriver(path: string): Driver {
  if (path !== IN_MEMORY) makePrivateFile(path);
  const Database = fromNode() ?? fromLibsql();
  return new Database(path);
}

/** From 22.13 on it needs no flag. Required by name, since Node 20 has no such module. */
function fromNode(): Constructor | null {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 13)) return null;
  return (withoutExperimentalWarning(() => createRequire(import.meta.url)("node:sqlite")) as { DatabaseSync: Constructor }).DatabaseSync;
}

/** Node 22 prints a warning that it is experimental, which does not help a user. */
function withoutExperimentalWarning<Result>(load: () => Result): Result {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes("SQLite")) Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

function fromLibsql(): Constructor {
  try {
    return withoutPeersInReport(() => createRequire(import.meta.url)("libsql") as Constructor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw Object.assign(new Error(WITHOUT_SQLITE), { name: MISSING_SQLITE, cause: error });
  }
}

/**
 * libsql finds the C library of the system in Node's report on the process. That would look up the names of all peers of open connections, one after the
 * other, while nothing else of the process goes on.
 */
function withoutPeersInReport<Result>(load: () => Result): Result {
  const report = process.report as { excludeNetwork?: boolean } | undefined;
  const isExcluded = report?.excludeNetwork;
  // Node knows it since 20.13 and 22.0.
  if (report === undefined || isExcluded !== false) return load();
  report.excludeNetwork = true;
  try {
    return load();
  } finally {
    report.excludeNetwork = false;
  }
}

/** The name of the error if Node has no SQLite and the optional package is missing. */
export const MISSING_SQLITE = "MissingSqliteError";
const WITHOUT_SQLITE = `SQLite is not available: Node ${process.versions.node} has none of its own. Use Node 22.13 or newer, or run \`npm install libsql@0.5\``;
