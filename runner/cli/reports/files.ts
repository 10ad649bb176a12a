import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { DOMAIN_REPORT_LIMITS } from "../../mail/domain-report/limits.js";
import { fileProblem } from "../../support/file-error.js";
import { UsageError } from "../usage-error.js";
import { type Found, keyOf } from "./found.js";
import { messagesIn } from "./mbox.js";

const MAX_DEPTH = 8;
/** Messages that are still written (https://cr.yp.to/proto/maildir.html). */
const UNFINISHED = "tmp";

/** The files below a path, in the order of their names: a file, a folder of files, or a Maildir. Links are not followed within a folder. */
export async function filesIn(path: string, depth = 0): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOTDIR") return null;
    if (depth > 0) return [];
    throw new UsageError(fileProblem(path, error), "give a file, a folder of reports, a Maildir or an mbox file");
  });
  if (entries === null) return [path];
  const isMaildir = entries.some(({ name }) => name === "cur") && entries.some(({ name }) => name === "new");
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, entry.name);
    if (entry.isFile() && !(isMaildir || entry.name.startsWith("."))) files.push(inner);
    if (entry.isDirectory() && depth < MAX_DEPTH && !(isMaildir && entry.name === UNFINISHED)) files.push(...(await filesIn(inner, depth + 1)));
  }
  return files;
}

/** What a file holds: a report, or the messages of an mbox. */
export async function* foundIn(path: string): AsyncGenerator<Found> {
  let file: FileHandle | null = null;
  try {
    // Not blocking: a named pipe without a writer would never open.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile()) yield { name: path, problem: "it is not a regular file" };
    else if (await isMbox(file)) yield* messagesIn(path, file);
    else if (stat.size > DOMAIN_REPORT_LIMITS.bytes)
      yield { name: path, problem: `it has ${stat.size} bytes, and at most ${DOMAIN_REPORT_LIMITS.bytes} are read` };
    else {
      const bytes = await file.readFile();
      yield { name: path, key: keyOf(bytes), bytes };
    }
  } catch (error) {
    yield { name: path, problem: (error as Error).message };
  } finally {
    await file?.close();
  }
}

async function isMbox(file: FileHandle): Promise<boolean> {
  const start = Buffer.alloc(5);
  const { bytesRead } = await file.read(start, 0, 5, 0);
  return bytesRead === 5 && start.toString("latin1") === "From ";
}
