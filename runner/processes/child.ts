import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { misfit } from "../harness/accept.js";
import { whatIsNoJson } from "../harness/json-copy.js";
import type { Report } from "../harness/run.js";
import { packageRoot } from "../support/package-root.js";
import { LostRunError } from "./lost-run-error.js";
import type { FromChild, SentInput, SentOutcome, ToChild } from "./messages.js";
import { receivedError, receivedReport } from "./sent-report.js";

/** What became of one input. */
export type Outcome = { readonly report: Report; readonly error: null } | { readonly report: null; readonly error: Error };

/** What a child process runs. */
export interface Orders {
  /** `network.smtp`, `network.smtp@2`, or what else names a probe. */
  readonly probe: string;
  readonly timeoutMs: number | null;
}

/** How a child process ended. */
export interface Ending {
  readonly why: string;
  /** It ran none of its inputs to the end. */
  readonly isBarren: boolean;
  /** Another process would fare no better. */
  readonly fatal: Error | null;
}

interface Waiting {
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

/** A process that is stopped gets this long to end by itself before it is killed. */
const GRACE_MS = 3000;

/** One process that runs inputs, and what it is working on. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #unsent: SentInput[] = [];
  #isReady = false;
  #hasRun = false;
  #unusable: Error | null = null;

  /** `onEnd` is called before the runs of this process are reported as lost. */
  constructor(
    readonly orders: Orders,
    readonly onEnd: (ending: Ending) => void,
  ) {
    const { probe, timeoutMs } = orders;
    // What a probe prints is not a result: it goes to stderr.
    this.#process = fork(join(packageRoot(), "dist/child.cjs"), [probe, String(timeoutMs ?? "")], { execArgv: [], stdio: ["ignore", 2, "inherit", "ipc"] });
    this.#process.on("message", (message: FromChild) => this.#heard(message));
    this.#ended = endOf(this.#process).then((why) => this.#end(why));
  }

  /** How many inputs it has. */
  get load(): number {
    return this.#waiting.size;
  }

  /** Inputs of the same moment are sent together. Rejects when no process can run any. */
  start(index: number, input: unknown): Promise<Outcome> {
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    this.#unsent.push({ index, input });
    return new Promise((resolve, reject) => this.#waiting.set(index, { resolve, reject }));
  }

  cancel(): void {
    this.#send({ kind: "cancel" });
  }

  /** Ends it, whatever it does. */
  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), GRACE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #flush(): void {
    const inputs = this.#unsent;
    this.#unsent = [];
    try {
      this.#send({ kind: "run", inputs });
    } catch {
      // One input that is not JSON spoils no other.
      for (const each of inputs) this.#sendAlone(each);
    }
  }

  #sendAlone(one: SentInput): void {
    try {
      this.#send({ kind: "run", inputs: [one] });
    } catch (error) {
      const violations = whatIsNoJson(one.input);
      this.#settle(one.index, { report: null, error: violations.length > 0 ? misfit(this.orders.probe, violations) : (error as Error) });
    }
  }

  /** What cannot be sent because the process has just ended is lost with it. */
  #send(message: ToChild): void {
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  #heard(message: FromChild): void {
    if (message.kind === "ready") this.#isReady = true;
    else if (message.kind === "unusable") this.#unusable = receivedError(message.error);
    else for (const outcome of message.outcomes) this.#settle(outcome.index, outcomeOf(outcome));
  }

  #settle(index: number, outcome: Outcome): void {
    this.#hasRun = true;
    this.#waiting.get(index)?.resolve(outcome);
    this.#waiting.delete(index);
  }

  #end(why: string): void {
    const fatal = this.#unusable ?? (this.#isReady ? null : new Error(`a process that runs the probe did not start: it ${why}`));
    this.onEnd({ why, isBarren: !this.#hasRun, fatal });
    const lost = new LostRunError(`the process of this run ${why}: whether the run had an effect is unknown`);
    for (const { resolve, reject } of this.#waiting.values()) {
      if (fatal === null) resolve({ report: null, error: lost });
      else reject(fatal);
    }
    this.#waiting.clear();
  }
}

function outcomeOf(outcome: SentOutcome): Outcome {
  return "report" in outcome ? { report: receivedReport(outcome.report), error: null } : { report: null, error: receivedError(outcome.error) };
}

/** How it ended, after the last of its messages. */
function endOf(child: ChildProcess): Promise<string> {
  const allHeard = new Promise<void>((resolve) => child.once("disconnect", resolve));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => {
      const why = signal === null ? `ended with ${code}` : `was killed by ${signal}`;
      if (child.connected) allHeard.then(() => resolve(why));
      else resolve(why);
    });
  });
}
