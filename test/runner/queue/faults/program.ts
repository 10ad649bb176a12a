import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { CLI } from "../../cli/command-line.js";

export interface StartOptions {
  readonly cwd: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options for Node itself. */
  readonly node?: readonly string[];
  /** The maximum size of any file, in KiB. */
  readonly mostFileKib?: number;
}

/** The built command line as a process that can be killed. */
export class Program {
  out = "";
  err = "";
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  readonly #child: ChildProcess;

  constructor(argv: readonly string[], { cwd, stdin = "", env = {}, node = [], mostFileKib }: StartOptions) {
    const line = [process.execPath, ...node, CLI, ...argv];
    const [program, ...args] = mostFileKib === undefined ? line : ["bash", "-c", `ulimit -f ${mostFileKib}; exec "$@"`, "bash", ...line];
    this.#child = spawn(program as string, args, { cwd, env: { ...process.env, ...env } });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.out += text;
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.err += text;
    });
    this.#child.stdin?.on("error", () => undefined).end(stdin);
    this.ended = once(this.#child, "close").then(([code, signal]) => ({ code, signal }));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Complete lines only: a killed process may leave a partial one. */
  get lines(): string[] {
    return this.out.split("\n").slice(0, -1);
  }
}

/** Restarts a program whenever it is killed, and kills it at random moments. */
export class Immortal {
  readonly lives: Program[] = [];
  readonly #done: Promise<void>;
  #isEnding = false;

  constructor(
    readonly start: () => Program,
    readonly killEveryMs: readonly [least: number, most: number],
  ) {
    this.#done = this.#live();
  }

  get lines(): string[] {
    return this.lives.flatMap(({ lines }) => lines);
  }

  get kills(): number {
    return this.lives.length - 1;
  }

  /** Resolves when it ended by itself; otherwise ends it. */
  async finished(): Promise<void> {
    await this.#done;
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.lives.at(-1)?.kill("SIGTERM");
    await this.#done;
  }

  async #live(): Promise<void> {
    for (;;) {
      const program = this.start();
      this.lives.push(program);
      const [least, most] = this.killEveryMs;
      // Each life may be longer than the previous one: on a busy machine the first ones may end during their start.
      const factor = 1 + this.lives.length / 4;
      const timer = setTimeout(() => program.kill("SIGKILL"), (least + Math.random() * (most - least)) * factor);
      const { signal } = await program.ended;
      clearTimeout(timer);
      if (signal !== "SIGKILL" || this.#isEnding) return;
    }
  }
}
