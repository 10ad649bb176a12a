import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { UsageError } from "./usage-error.js";

/** Before a long run: a page that could not be written at its end would be lost. */
export function assertNew(path: string): void {
  if (existsSync(path)) throw taken(path);
}

/** Writes a file that is not there yet: no file of a user is overwritten. */
export async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw taken(path);
    throw new UsageError(`${path} cannot be written: ${message}`, "name a file that this user can write");
  }
}

function taken(path: string): UsageError {
  return new UsageError(`${path} exists`, "name another file, or remove it: it is not overwritten");
}
