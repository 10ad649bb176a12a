import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { foreignFile, makePrivateFile } from "../../support/private-file.js";
import type { Backend } from "../backend.js";
import type { BackendOptions } from "../backend-options.js";
import { QueueError } from "../queue-error.js";
import { asQueueError } from "./errors.js";
import { LineSink } from "./line-sink.js";

const LINE_FEED = 0x0a;
const RECHECK_MS = 20;

/** Results as lines at the end of a file, which several processes may write to. */
export async function openFile(path: string, { mayCreate }: BackendOptions): Promise<Backend> {
  const address = `file:${path}`;
  const file = await openForAppending(resolve(path), address, mayCreate);
  const isRegular = (await file.stat()).isFile();
  const results = new LineSink(address, (lines) => append(file, lines, isRegular));
  return {
    address,
    jobs: null,
    results,
    async close() {
      await results.close();
      await file.close();
    },
  };
}

/** Only readable by this user: results about a target are not public. An existing file keeps its mode. */
async function openForAppending(path: string, address: string, mayCreate: boolean): Promise<FileHandle> {
  try {
    // a+: also readable, to see how the file ends.
    const foreign = foreignFile(path);
    if (foreign !== null) throw new QueueError("not_a_queue", `${foreign}: use another path`);
    if (mayCreate) {
      makePrivateFile(path);
      return await open(path, "a+", 0o600);
    }
    await (await open(path, "r")).close();
    return await open(path, "a+", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw asQueueError(error, address);
    const todo = mayCreate ? "its folder does not exist: create it, or use another path" : "check the path";
    throw new QueueError("not_a_queue", `there is no ${address}: ${todo}`, { cause: error });
  }
}

/**
 * One write for the whole batch: with O_APPEND the system puts it after the writes of others, in one piece. A full disk cuts it off. The partial line
 * is not removed, because others may have written after it; the next write starts a new line.
 */
async function append(file: FileHandle, lines: string, isRegular: boolean): Promise<void> {
  if (!isRegular) return writeAll(file, Buffer.from(lines));
  await writeAll(file, Buffer.from((await endsInTheMiddle(file)) ? `\n${lines}` : lines));
  await file.datasync();
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  // After a partial write, the next one reports the reason.
  for (let written = 0; written < bytes.length; ) written += (await file.write(bytes, written)).bytesWritten;
}

/**
 * While another process is writing, the file also ends in the middle of a line, but it grows: only an incomplete line that stays the same was
 * abandoned.
 */
async function endsInTheMiddle(file: FileHandle): Promise<boolean> {
  for (let seen = -1; ; ) {
    const { size } = await file.stat();
    if (size === 0 || (await lastByte(file, size)) === LINE_FEED) return false;
    if (size === seen) return true;
    seen = size;
    await sleep(RECHECK_MS);
  }
}

async function lastByte(file: FileHandle, size: number): Promise<number | undefined> {
  return (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0];
}
