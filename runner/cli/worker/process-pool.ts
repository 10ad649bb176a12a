import { type ChildProcess, fork } from "node:child_process";
import { backoffMs } from "../../queue/backoff.js";
import { emptyStats, sumStats, type WorkerStats } from "../../queue/worker-stats.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import type { PoolStats } from "./monitor.js";
import { CHILD_VARIABLE, type FromChild, type ToChild } from "./worker-process.js";

/** A process that lived this long did not fail at its start. */
const HEALTHY_MS = 60_000;
const FIRST_RESTART_MS = 500;
const MAX_RESTART_MS = 30_000;

/** Starts worker processes, restarts those that die, and adds up their statistics. */
export class ProcessPool {
  readonly #children = new Set<ChildProcess>();
  readonly #stats = new Map<ChildProcess, WorkerStats>();
  #isStopping = false;
  #hasFatalError = false;
  #restarts = 0;

  constructor(
    readonly argv: readonly string[],
    readonly io: Io,
  ) {}

  get stats(): PoolStats {
    return { stats: sumStats([...this.#stats.values()]), processes: this.#children.size, restarts: this.#restarts };
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Resolves with the exit code when all processes have ended. */
  async run(processes: number): Promise<number> {
    await Promise.all(Array.from({ length: processes }, () => this.#supervise()));
    return this.#hasFatalError ? EXIT.couldNotRun : EXIT.ok;
  }

  stop(): void {
    this.#isStopping = true;
    for (const child of this.#children) send(child, "stop");
  }

  async #supervise(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const began = performance.now();
      const { code, signal } = await this.#runChild();
      if (code === EXIT.ok || this.#isStopping) return;
      this.#restarts += 1;
      if (performance.now() - began > HEALTHY_MS) attempt = 1;
      const waitMs = FIRST_RESTART_MS / 2 + backoffMs(attempt, FIRST_RESTART_MS, MAX_RESTART_MS);
      this.io.err(
        `probe-run: a worker process ${signal === null ? `exited with ${code}` : `was killed by ${signal}`}; restarting in ${(waitMs / 1000).toFixed(1)} s\n`,
      );
      await this.#pause(waitMs);
      if (this.#isStopping) return;
    }
  }

  #runChild(): Promise<{ code: number | null; signal: string | null }> {
    const child = fork(process.argv[1] as string, ["work", ...this.argv], {
      env: { ...process.env, [CHILD_VARIABLE]: "1" },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#children.add(child);
    this.#stats.set(child, emptyStats());
    child.on("message", (message: FromChild) => {
      if (message.kind === "stats") this.#stats.set(child, message.stats);
      else {
        this.#hasFatalError = true;
        this.stop();
      }
    });
    return new Promise((resolve) => {
      child.once("error", (error) => this.io.err(`probe-run: a worker process could not be started: ${error.message}\n`));
      child.once("close", (code, signal) => {
        this.#children.delete(child);
        const stats = this.#stats.get(child) as WorkerStats;
        this.#stats.set(child, { ...stats, inFlight: 0 });
        resolve({ code, signal });
      });
    });
  }

  /** Ends early when the pool is stopped. */
  async #pause(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (!this.#isStopping && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function send(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => undefined);
}
