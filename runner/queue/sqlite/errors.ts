import { QueueError, type QueueErrorCode } from "../queue-error.js";

interface SqliteFault {
  code?: unknown;
  errcode?: unknown;
  message: string;
}

/** SQLite's primary result codes (https://sqlite.org/rescode.html), and what they mean for a queue. */
const MEANING: Readonly<Record<number, { name: string; code: QueueErrorCode; tell(path: string): string }>> = {
  5: { name: "SQLITE_BUSY", code: "busy", tell: (path) => `${path} was kept locked by another process: end the one that holds it, or try again` },
  6: { name: "SQLITE_LOCKED", code: "busy", tell: (path) => `${path} was kept locked by another process: end the one that holds it, or try again` },
  8: { name: "SQLITE_READONLY", code: "read_only", tell: (path) => `${path} cannot be written: give this user write permission to the file and its folder` },
  10: {
    name: "SQLITE_IOERR",
    code: "failed",
    tell: (path) => `${path} could not be read or written: check the disk below it. What was accepted before stays stored`,
  },
  11: { name: "SQLITE_CORRUPT", code: "corrupted", tell: corrupted },
  13: {
    name: "SQLITE_FULL",
    code: "full",
    tell: (path) => `there is no space left for ${path}: free some and try again. What was accepted before stays stored`,
  },
  14: {
    name: "SQLITE_CANTOPEN",
    code: "read_only",
    tell: (path) => `${path} cannot be opened: its folder must be there, and this user must be able to write the file and the folder`,
  },
  26: { name: "SQLITE_NOTADB", code: "corrupted", tell: corrupted },
};

function corrupted(path: string): string {
  return `${path} is corrupted, or no SQLite file. Nothing was overwritten: move it away and rescue what can be read with \`sqlite3 FILE .recover\`, or give another path`;
}

/** libsql names the code, Node's own gives its number. */
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
  return new QueueError(meaning.code, `${meaning.tell(path)} (${meaning.name}: ${fault.message})`, { cause: error });
}
