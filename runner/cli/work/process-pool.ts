import { type ChildProcess, fork } from "node:child_process";
import { backoffMs } from "../../queue/backoff.js";
import { newTally, sum, type Tally } from "../../queue/worker-stats.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import type { Worked } from "./monitor.js";
import { CHILD, type FromChild, type ToChild } from "./worker-process.js";

/** A process that lived for so long did not die of its start. */
const SETTLED_MS = 60_000;
const FIRST_RESTART_MS = 500;
const MOST_RESTART_MS = 30_000;

/** Starts processes that work, starts those again that die, and adds up what they did. */
export class Parent {
  readonly #children = new Set<ChildProcess>();
  readonly #tallies = new Map<ChildProcess, Tally>();
  #isStopping = false;
  #isBeyondHelp = false;
  #restarts = 0;

  constructor(
    readonly argv: readonly string[],
    readonly io: Io,
  ) {}

  get worked(): Worked {
    return { tally: sum([...this.#tallies.values()]), processes: this.#children.size, restarts: this.#restarts };
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Resolves with the exit code when all have ended. */
  async run(processes: number): Promise<number> {
    await Promise.all(Array.from({ length: processes }, () => this.#keepOne()));
    return this.#isBeyondHelp ? EXIT.couldNotRun : EXIT.ok;
  }

  stop(): void {
    this.#isStopping = true;
    for (const child of this.#children) tell(child, "stop");
  }

  async #keepOne(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const began = performance.now();
      const { code, signal } = await this.#one();
      if (code === EXIT.ok || this.#isStopping) return;
      this.#restarts += 1;
      if (performance.now() - began > SETTLED_MS) attempt = 1;
      const waitMs = FIRST_RESTART_MS / 2 + backoffMs(attempt, FIRST_RESTART_MS, MOST_RESTART_MS);
      this.io.err(
        `probe-run: a process ${signal === null ? `ended with ${code}` : `was killed by ${signal}`}; another one is started in ${(waitMs / 1000).toFixed(1)} s\n`,
      );
      await this.#pause(waitMs);
      if (this.#isStopping) return;
    }
  }

  #one(): Promise<{ code: number | null; signal: string | null }> {
    const child = fork(process.argv[1] as string, ["work", ...this.argv], {
      env: { ...process.env, [CHILD]: "1" },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#children.add(child);
    this.#tallies.set(child, newTally());
    child.on("message", (message: FromChild) => {
      if (message.kind === "tally") this.#tallies.set(child, message.tally);
      else {
        this.#isBeyondHelp = true;
        this.stop();
      }
    });
    return new Promise((resolve) => {
      child.once("error", (error) => this.io.err(`probe-run: a process could not be started: ${error.message}\n`));
      child.once("close", (code, signal) => {
        this.#children.delete(child);
        const tally = this.#tallies.get(child) as Tally;
        this.#tallies.set(child, { ...tally, inFlight: 0 });
        resolve({ code, signal });
      });
    });
  }

  /** Ends early when everything is stopped. */
  async #pause(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (!this.#isStopping && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function tell(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => undefined);
}
