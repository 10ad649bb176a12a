import { QueueError, type QueueErrorCode } from "../queue-error.js";

interface SqliteFault {
  code?: unknown;
  errcode?: unknown;
  message: string;
}

/** SQLite's primary result codes (https://sqlite.org/rescode.html), and what they mean for a queue. */
const MEANING: Readonly<Record<number, { name: string; code: QueueErrorCode; describe(path: string): string }>> = {
  5: { name: "SQLITE_BUSY", code: "busy", describe: (path) => `${path} is locked by another process: end that process, or try again` },
  6: { name: "SQLITE_LOCKED", code: "busy", describe: (path) => `${path} is locked by another process: end that process, or try again` },
  8: { name: "SQLITE_READONLY", code: "read_only", describe: (path) => `${path} is not writable: give this user write permission for the file and its folder` },
  10: {
    name: "SQLITE_IOERR",
    code: "failed",
    describe: (path) => `${path} could not be read or written: check the disk. Accepted messages remain stored`,
  },
  11: { name: "SQLITE_CORRUPT", code: "corrupted", describe: corrupted },
  13: {
    name: "SQLITE_FULL",
    code: "full",
    describe: (path) => `no space left for ${path}: free some and try again. Accepted messages remain stored`,
  },
  14: {
    name: "SQLITE_CANTOPEN",
    code: "read_only",
    describe: (path) => `${path} cannot be opened: its folder must exist, and this user needs write permission for the file and the folder`,
  },
  26: { name: "SQLITE_NOTADB", code: "corrupted", describe: corrupted },
};

function corrupted(path: string): string {
  return `${path} is corrupted or not a SQLite file. Nothing was overwritten: move it and recover its data with \`sqlite3 FILE .recover\`, or use another path`;
}

/** libsql gives the name of the code, Node's driver its number. */
function primaryCode({ code, errcode }: SqliteFault): number | null {
  if (typeof errcode === "number") return errcode & 0xff;
  if (typeof code !== "string") return null;
  const found = Object.entries(MEANING).find(([, { name }]) => code === name || code.startsWith(`${name}_`));
  return found === undefined ? null : Number(found[0]);
}

export function isBusy(error: unknown): boolean {
  const code = primaryCode(error as SqliteFault);
  return code === 5 || code === 6;
}

export function asQueueError(error: unknown, path: string): Error {
  if (error instanceof QueueError) return error;
  const fault = error as SqliteFault;
  const meaning = MEANING[primaryCode(fault) ?? -1];
  if (meaning === undefined) return fault.code === undefined ? (error as Error) : new QueueError("failed", `${path}: ${fault.message}`, { cause: error });
  return new QueueError(meaning.code, `${meaning.describe(path)} (${meaning.name}: ${fault.message})`, { cause: error });
}
