/** The outside of the command line: a test hands in its own. */
export interface Io {
  /** For JSON, and for what was asked for. Resolves when it is written: out of this process, which may be killed then. */
  out(text: string): Promise<void>;
  /** For words to people. */
  err(text: string): void;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls back at the first SIGINT or SIGTERM instead of dying of it; gives back how to stop listening. */
  onInterrupt(listener: () => void): () => void;
}

export interface Screen {
  readonly isTty: boolean;
  readonly columns: number;
}

export function processIo(): Io {
  return {
    out: write,
    err: (text) => void watched(process.stderr, endOnBrokenPipe).write(text),
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

/** Whoever read us has seen enough (`| head`): 128 + SIGPIPE is what a program ends with that the signal kills. */
function endOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(141);
}

/** Results that reach nobody must not look like success. Words that do, on stderr, are no reason to lose a result. */
function endOnLostResult(error: NodeJS.ErrnoException): void {
  endOnBrokenPipe(error);
  watched(process.stderr, endOnBrokenPipe).write(`probe-run: stdout cannot be written: ${error.message}\n`, () => process.exit(3));
}

type ErrorListener = (error: NodeJS.ErrnoException) => void;

/** Node makes these streams when they are first touched, which takes a millisecond each: not before there is something to say. */
function watched(stream: NodeJS.WriteStream, listener: ErrorListener): NodeJS.WriteStream {
  if (stream.listenerCount("error", listener) === 0) stream.on("error", listener);
  return stream;
}

/** Resolves when it is written. What cannot be written ends the process, from the listener, and nothing goes on before. */
function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    watched(process.stdout, endOnLostResult).write(text, (error) => {
      if (error === null || error === undefined) resolve();
    });
  });
}

/** A terminal that does not know its size says 0. */
function screenOf(stream: NodeJS.WriteStream): Screen {
  return { isTty: stream.isTTY === true, columns: stream.columns || 80 };
}

function onInterrupt(listener: () => void): () => void {
  let asked = false;
  const heard = (): void => {
    // Asked twice, it is meant: 128 + SIGINT.
    if (asked) process.exit(130);
    asked = true;
    listener();
  };
  process.on("SIGINT", heard);
  process.on("SIGTERM", heard);
  return () => {
    process.off("SIGINT", heard);
    process.off("SIGTERM", heard);
  };
}
