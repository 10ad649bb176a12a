import { readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { GENERATOR } from "../report/page.js";
import type { Io } from "./io.js";
import { UsageError } from "./usage-error.js";

/** The path of a page to be written. An earlier page of ours is replaced, and no other file. */
export function pagePath(option: string, file: string, io: Io): string {
  const path = resolve(io.cwd, file);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return path;
    throw new UsageError(`${option} cannot use ${file}: ${(error as Error).message}`);
  }
  if (!text.slice(0, 1000).includes(GENERATOR))
    throw new UsageError(`${option} would overwrite ${file}, which is not a report`, "name another file, or remove it");
  return path;
}

/** Readers see the old page or the new one. */
export async function writePage(path: string, text: string): Promise<void> {
  const next = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(next, text, { flag: "wx" });
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw new Error(`the report cannot be written: ${(error as Error).message}`);
  }
}
