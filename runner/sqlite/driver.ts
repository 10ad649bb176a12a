import { createRequire } from "node:module";

/** The little of SQLite that the queue uses, the same from libsql and from Node's own. */
export interface Driver {
  prepare(sql: string): Statement;
  exec(sql: string): void;
  close(): void;
}

/** Prepared once and kept: with libsql 0.5, every statement that is prepared anew stays in memory. */
export interface Statement {
  run(...values: readonly Value[]): { changes: number | bigint };
  all(...values: readonly Value[]): unknown[];
}

export type Value = string | number | null;

type Constructor = new (path: string) => Driver;

/** Node's own SQLite where there is one: it is twice as fast, and nothing has to be installed. */
export function openDriver(path: string): Driver {
  const Database = fromNode() ?? fromLibsql();
  return new Database(path);
}

/** From 22.13 on it needs no flag. Asked for by name, for Node 20 knows no such module. */
function fromNode(): Constructor | null {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 13)) return null;
  return (withoutExperimentalWarning(() => createRequire(import.meta.url)("node:sqlite")) as { DatabaseSync: Constructor }).DatabaseSync;
}

/** On Node 22 it says on stderr that it is experimental: nothing that whoever runs a queue could act on. */
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
  return createRequire(import.meta.url)("libsql") as Constructor;
}
