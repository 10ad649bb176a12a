import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";

const MAX_FILE_BYTES = 64 * 1024;

/** The text of a small regular file. Anything else (a pipe, a device, a terminal) could block for ever, or have side effects when opened. */
export function readSecretFile(path: string, signal?: AbortSignal): Promise<string> {
  // A file on a network drive may still block its thread: the run then continues without it.
  return whileNotAborted(signal, readRegularFile(path));
}

async function readRegularFile(path: string): Promise<string> {
  assertRegular(await stat(path));
  // It may have been replaced since, so it is opened without blocking, and checked again.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    assertRegular(await file.stat());
    return await readWhole(file);
  } finally {
    await file.close();
  }
}

function assertRegular(found: { isFile(): boolean }): void {
  if (!found.isFile()) throw new Error("it is not a regular file");
}

/** Several reads: some file systems return less than requested. */
async function readWhole(file: FileHandle): Promise<string> {
  const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) return buffer.toString("utf8", 0, length);
    length += bytesRead;
    if (length > MAX_FILE_BYTES) throw new Error(`it holds more than ${MAX_FILE_BYTES} bytes`);
  }
}

/** Settles like `work`, or rejects when the signal aborts first; the result of `work` is then ignored. */
function whileNotAborted<Result>(signal: AbortSignal | undefined, work: Promise<Result>): Promise<Result> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error);
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
