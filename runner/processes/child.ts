import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { misfit } from "../harness/accept.js";
import { whatIsNoJson } from "../harness/json-copy.js";
import { packageRoot } from "../support/package-root.js";
import type { Assignment, Outcome } from "./assignment.js";
import { LostRunError } from "./lost-run-error.js";
import type { FromChild, SentOutcome, ToChild } from "./messages.js";
import { receivedError, receivedReport } from "./sent-report.js";

/** What a child process runs. */
export interface Orders {
  /** `network.smtp`, `network.smtp@2`, or what else names a probe. */
  readonly probe: string;
  readonly timeoutMs: number | null;
  /** How many runs it has in progress at once. */
  readonly concurrency: number;
}

/** How a child process ended. */
export interface Ending {
  readonly why: string;
  /** It ran none of its inputs to the end. */
  readonly isBarren: boolean;
  /** Another process would fare no better. */
  readonly fatal: Error | null;
}

/** What a child process reports to the pool. */
export interface Watcher {
  /** Some of its runs have ended. */
  progressed(): void;
  /** Inputs that it has not begun and will not begin. */
  returned(assignments: readonly Assignment[]): void;
  /** Called before its inputs are reported as lost or returned. */
  ended(ending: Ending): void;
}

/** A process that is stopped gets this long to end by itself before it is killed. */
const GRACE_MS = 3000;

/** One process that runs inputs, and the inputs that it has. */
export class Child {
  readonly #process: ChildProcess;
  /** In the order in which they are sent, and therefore begin. */
  readonly #assigned = new Map<number, Assignment>();
  readonly #ended: Promise<void>;
  /** The last of those assigned. */
  #unsent: Assignment[] = [];
  #isReady = false;
  #isEnding = false;
  #isAskedToReturn = false;
  #hasRun = false;
  #unusable: Error | null = null;

  constructor(
    readonly orders: Orders,
    readonly watcher: Watcher,
  ) {
    const { probe, timeoutMs, concurrency } = orders;
    const argv = [probe, String(timeoutMs ?? ""), String(concurrency)];
    // What a probe prints is not a result: it goes to stderr.
    this.#process = fork(join(packageRoot(), "dist/child.cjs"), argv, { execArgv: [], stdio: ["ignore", 2, "inherit", "ipc"] });
    this.#process.on("message", (message: FromChild) => this.#heard(message));
    this.#ended = endOf(this.#process).then((why) => this.#end(why));
  }

  /** How many inputs it has. One that is ending takes none if another process is left. */
  get load(): number {
    return this.#isEnding ? Number.POSITIVE_INFINITY : this.#assigned.size;
  }

  /** Inputs of the same moment are sent together. */
  take(assignment: Assignment): void {
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    this.#unsent.push(assignment);
    this.#assigned.set(assignment.index, assignment);
  }

  /** Asks for inputs that have not begun; it may have begun them by then. */
  askToReturn(most: number): void {
    if (this.#isAskedToReturn || this.#isEnding) return;
    this.#isAskedToReturn = true;
    this.#send({ kind: "return", most });
  }

  cancel(): void {
    this.#flush();
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
    // What a process that is ending does not get is returned at its end.
    if (this.#unsent.length === 0 || this.#isEnding || !this.#process.connected) return;
    const assignments = this.#unsent;
    this.#unsent = [];
    try {
      this.#sendInputs(assignments);
    } catch {
      // One input that is not JSON spoils no other.
      for (const each of assignments) this.#sendAlone(each);
    }
  }

  #sendAlone(assignment: Assignment): void {
    try {
      this.#sendInputs([assignment]);
    } catch (error) {
      const violations = whatIsNoJson(assignment.input);
      this.#settle(assignment.index, { report: null, error: violations.length > 0 ? misfit(this.orders.probe, violations) : (error as Error) });
    }
  }

  #sendInputs(assignments: readonly Assignment[]): void {
    const unreceived = (): void => {
      this.#isEnding = true;
      this.#unsent.unshift(...assignments);
    };
    this.#send({ kind: "run", inputs: assignments.map(({ index, input }) => ({ index, input })) }, unreceived);
  }

  /** `failed`: the process has ended and did not receive it. */
  #send(message: ToChild, failed: () => void = () => undefined): void {
    if (this.#process.connected) this.#process.send(message, (error) => void (error !== null && failed()));
  }

  #heard(message: FromChild): void {
    if (message.kind === "ready") this.#isReady = true;
    else if (message.kind === "unusable") this.#unusable = receivedError(message.error);
    else if (message.kind === "returned") this.#return(message.indexes, message.isEnding);
    else {
      for (const outcome of message.outcomes) this.#settle(outcome.index, outcomeOf(outcome));
      this.watcher.progressed();
    }
  }

  #settle(index: number, outcome: Outcome): void {
    this.#hasRun = true;
    this.#assigned.get(index)?.resolve(outcome);
    this.#assigned.delete(index);
  }

  #return(indexes: readonly number[], isEnding: boolean): void {
    this.#isAskedToReturn = false;
    this.#isEnding ||= isEnding;
    const returned = indexes.map((index) => this.#assigned.get(index) as Assignment);
    for (const index of indexes) this.#assigned.delete(index);
    this.watcher.returned(returned);
  }

  /**
   * A process begins its inputs in the order in which they were sent, and each only after the outcome before it was written
   * (child-main.ts). Once all outcomes have been received, no more than the first `concurrency` of the rest can therefore have begun.
   */
  #end(why: string): void {
    const fatal = this.#unusable ?? (this.#isReady ? null : new Error(`a process that runs the probe did not start: it ${why}`));
    const left = [...this.#assigned.values()];
    const begun = left.slice(0, Math.min(this.orders.concurrency, left.length - this.#unsent.length));
    this.#assigned.clear();
    this.#isEnding = true;
    this.watcher.ended({ why, isBarren: !this.#hasRun, fatal });
    const lost = new LostRunError(`the process of this run ${why}: whether the run had an effect is unknown`);
    for (const { resolve, reject } of begun) {
      if (fatal === null) resolve({ report: null, error: lost });
      else reject(fatal);
    }
    this.watcher.returned(left.slice(begun.length));
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
