import { forTerminal } from "../support/printable.js";
import type { Screen } from "../support/style.js";

/** What the command line needs of its process: a test passes its own. */
export interface Io {
  /** Results, on stdout. Resolves when they have left this process, which may be killed then. */
  out(text: string): Promise<void>;
  /** Messages for people, on stderr. */
  err(text: string): void;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls back at the first SIGINT or SIGTERM, with the exit code for it, instead of ending the process. Returns a function that stops listening. */
  onInterrupt(listener: (exitCode?: number) => void): () => void;
}

export function processIo(): Io {
  return {
    // Data goes into a pipe or a file as it is; on a terminal nothing but our own sequences may act.
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
  };
}

/** The reader has gone (`| head`): 128 + SIGPIPE, as for a program that the signal kills. */
function endOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(141);
}

/** Results that cannot be written must not look like success. */
function endOnLostResult(error: NodeJS.ErrnoException): void {
  endOnBrokenPipe(error);
  watched(process.stderr, endOnBrokenPipe).write(`probe-run: stdout cannot be written: ${error.message}\n`, () => process.exit(3));
}

type ErrorListener = (error: NodeJS.ErrnoException) => void;

/** Node makes these streams when they are first used, which takes a millisecond each: not before there is something to write. */
function watched(stream: NodeJS.WriteStream, listener: ErrorListener): NodeJS.WriteStream {
  if (stream.listenerCount("error", listener) === 0) stream.on("error", listener);
  return stream;
}

/** Resolves when it is written. A write that fails ends the process in the listener, so this never resolves then. */
function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    watched(process.stdout, endOnLostResult).write(text, (error) => {
      if (error === null || error === undefined) resolve();
    });
  });
}

/** A terminal that does not know its size reports 0. */
function screenOf(stream: NodeJS.WriteStream): Screen {
  return { isTty: stream.isTTY === true, columns: stream.columns || 80 };
}

/** By convention 128 + the signal's number. */
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
  return () => {
    process.off("SIGINT", heard);
    process.off("SIGTERM", heard);
  };
}
