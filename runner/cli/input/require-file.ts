import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";
import { looksLikeFile } from "./format.js";

/** Refuses a target where a list is needed: `what` says which option or command needs it. */
export function requireFile(word: string, what: string, { cwd }: Pick<Io, "cwd">): void {
  if (word.trim() === "") throw new UsageError("the name of the file is empty", "is the variable set?");
  if (word === "-" || looksLikeFile(word) || existsSync(resolve(cwd, word))) return;
  throw new UsageError(`${what} needs a list, and there is no file ${JSON.stringify(word)}`, "give a file of inputs, or - for stdin");
}
