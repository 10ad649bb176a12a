import { closeSync, openSync, readSync } from "node:fs";
import { endianness } from "node:os";

/** The index of a write-ahead log counts its transactions here, in the byte order of the machine (https://sqlite.org/walformat.html). */
const COUNTER_AT = 8;
const COUNTER_BYTES = 4;

/** How many transactions all processes together have written to a SQLite file since its log was created. A process must have the file open. */
export function transactionsOf(path: string): number {
  const index = openSync(`${path}-shm`, "r");
  try {
    const counter = Buffer.alloc(COUNTER_BYTES);
    readSync(index, counter, 0, COUNTER_BYTES, COUNTER_AT);
    return endianness() === "LE" ? counter.readUInt32LE() : counter.readUInt32BE();
  } finally {
    closeSync(index);
  }
}
