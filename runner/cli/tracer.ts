import { type FileHandle, open, readFile, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { recordTranscripts } from "../lab/record.js";
import { connectionFile } from "../lab/transcript-file.js";
import type { TraceEvent } from "../run/recorder.js";
import { RequestError } from "../support/request-error.js";
import { assertReplayable } from "./assert-replayable.js";
import type { Io } from "./io.js";
import type { RunRequest } from "./run-request.js";
import { traceLines } from "./trace-lines.js";

export interface Tracer {
  trace(event: TraceEvent): void;
  /** Writes the transcript even if the run failed, since it is most useful then. */
  close(): Promise<void>;
}

/** Implements --trace and --record. The file is opened before anything is sent. */
export async function openTracer(request: RunRequest, input: unknown, io: Io): Promise<Tracer> {
  const { options, asked } = request;
  if (options.record !== null) assertReplayable(request, input);
  const file = options.record === null ? null : await openForWriting(options.record, io);
  const events: TraceEvent[] = [];
  return {
    trace(event) {
      if (options.trace) io.err(traceLines(event));
      if (file !== null) events.push(event);
    },
    async close() {
      if (file === null) return;
      try {
        const [first = "", ...more] = recordTranscripts(events, `${RECORDED}${asked.name}`);
        await file.writeFile(first);
        const path = resolve(io.cwd, options.record as string);
        for (const [index, text] of more.entries()) await writeConnection(connectionFile(path, index + 2), text);
      } catch (error) {
        (error as Error).message = `the transcript cannot be written to ${options.record}: ${(error as Error).message}`;
        throw error;
      } finally {
        await file.close();
      }
    },
  };
}

async function writeConnection(path: string, text: string): Promise<void> {
  await assertNotOthers(path);
  await writeFile(path, text, { mode: 0o600 });
}

async function openForWriting(path: string, io: Io): Promise<FileHandle> {
  try {
    await assertNotOthers(resolve(io.cwd, path));
    // Private, because it contains addresses and what a server said about them.
    return await open(resolve(io.cwd, path), "w", 0o600);
  } catch (error) {
    throw new RequestError(`the transcript cannot be written to ${path}`, "usage", [{ pointer: "", message: (error as Error).message, hint: null }]);
  }
}

/** In the first line of what is recorded. */
const RECORDED = "recorded from a run of ";

/** An earlier recording is replaced, and no other file. */
async function assertNotOthers(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile() || found.size === 0) return;
  if (!(await readFile(path, "utf8")).startsWith(`# ${RECORDED}`)) throw new Error(`${path} exists and is no recording: name another file, or remove it`);
}
