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
    err: (text) => void watched(process.stderr).write(text),
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
  process.exit(error.code === "EPIPE" ? 141 : 3);
}

/** Node makes these streams when they are first touched, which takes a millisecond each: not before there is something to say. */
function watched(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (stream.listenerCount("error", endOnBrokenPipe) === 0) stream.on("error", endOnBrokenPipe);
  return stream;
}

function write(text: string): Promise<void> {
  return new Promise((resolve) => void watched(process.stdout).write(text, () => resolve()));
}

function screenOf(stream: NodeJS.WriteStream): Screen {
  return { isTty: stream.isTTY === true, columns: stream.columns ?? 80 };
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
