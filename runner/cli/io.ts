import { forTerminal } from "../support/printable.js";
import type { Screen } from "../support/style.js";
import { onNpxGone } from "./end-with-npx.js";

/** What the command line needs from its process; tests pass their own. */
export interface Io {
  /** Writes results to stdout. Resolves when they have left this process, so that it may be killed. */
  out(text: string): Promise<void>;
  /** Messages on stderr. */
  err(text: string): void;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls back on the first SIGINT or SIGTERM, or when npx has ended, with the exit code for it, instead of ending the process. Returns a function that stops listening. */
  onInterrupt(listener: (exitCode?: number) => void): () => void;
  /** Calls back on each SIGHUP, instead of ending the process. Returns a function that stops listening. */
  onHangup?(listener: () => void): () => void;
}

export function processIo(): Io {
  return {
    // In a pipe or a file, output is unchanged; on a terminal, control sequences of the data are escaped.
    out: (text) => write(process.stdout.isTTY === true ? forTerminal(text) : text),
    err: (text) => void watched(process.stderr, endOnBrokenPipe).write(forTerminal(text)),
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return screenOf(process.stdout);
    },
    get stderr() {
      return screenOf(process.stderr);
    },
    env: process.env,
    cwd: process.cwd(),
    onInterrupt,
    onHangup,
  };
}

function onHangup(listener: () => void): () => void {
  process.on("SIGHUP", listener);
  return () => void process.off("SIGHUP", listener);
}

/** The reader has ended (`| head`): 128 + SIGPIPE, as for a program killed by the signal. */
function endOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(141);
}

/** If results cannot be written, the exit code must not be 0. */
function endOnLostResult(error: NodeJS.ErrnoException): void {
  endOnBrokenPipe(error);
  watched(process.stderr, endOnBrokenPipe).write(`probe-run: stdout cannot be written: ${error.message}\n`, () => process.exit(3));
}

type ErrorListener = (error: NodeJS.ErrnoException) => void;

/** Created on demand: Node needs a millisecond for each of these streams. */
function watched(stream: NodeJS.WriteStream, listener: ErrorListener): NodeJS.WriteStream {
  if (stream.listenerCount("error", listener) === 0) stream.on("error", listener);
  return stream;
}

/** Resolves when it is written. If a write fails, the listener ends the process and this never resolves. */
function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    watched(process.stdout, endOnLostResult).write(text, (error) => {
      if (error === null || error === undefined) resolve();
    });
  });
}

/** A terminal of unknown size reports 0. */
function screenOf(stream: NodeJS.WriteStream): Screen {
  return { isTty: stream.isTTY === true, columns: stream.columns || 80 };
}

/** 128 + the signal's number, by convention. */
const EXIT_CODES: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

function onInterrupt(listener: (exitCode?: number) => void): () => void {
  let isSecond = false;
  const heard = (signal: NodeJS.Signals): void => {
    if (isSecond) process.exit(EXIT_CODES[signal]);
    isSecond = true;
    listener(EXIT_CODES[signal]);
  };
  process.on("SIGINT", heard);
  process.on("SIGTERM", heard);
  // After a Ctrl-C, which a terminal sends to npx as well, that is no second signal.
  const stopListening = onNpxGone(() => isSecond || heard("SIGTERM"));
  return () => {
    stopListening();
    process.off("SIGINT", heard);
    process.off("SIGTERM", heard);
  };
}
