import type { Failure } from "../../schemas/failure.js";
import { failure } from "../../schemas/failure.js";
import { FailureError } from "../run/failure-error.js";
import { ENDED, type RunState, type RunView } from "../run/run-state.js";
import type { Capabilities, Grant, Need } from "./capabilities.js";

/** What every probe gets, whatever it needs. */
export interface BaseContext {
  /** Aborts at the run's deadline, and when the caller cancels. */
  readonly signal: AbortSignal;
  /** When the run started, what it has done so far, and whether it was ended early. */
  readonly run: RunView;
  /** Times one step. The harness records its start, its duration and its code, also if it fails. */
  operation<Result>(name: string, step: (operation: StepReply) => Promise<Result>): Promise<Result>;
  /** Runs a conversation and returns its failure, or null: a network outcome is data. A bug still throws. */
  attempt(conversation: () => Promise<void>): Promise<Failure | null>;
  /** The same ctx for one of several conversations: its operations have the part's name as a prefix, as `imap NOOP`. */
  part(name: string): this;
}

type Intersection<Union> = (Union extends unknown ? (member: Union) => void : never) extends (member: infer Whole) => void ? Whole : never;

/** The ctx of a probe with these needs: it gives access to nothing else. */
export type Context<Needs extends Need = never> = BaseContext &
  ([Needs] extends [never] ? unknown : Intersection<{ [N in Needs]: { readonly [Name in N]: Capabilities[N] } }[Needs]>);

/** The reply to a step. */
export class StepReply {
  code: number | null = null;
  message: string | null = null;

  reply(code: number | null, message: string | null): void {
    this.code = code;
    this.message = message;
  }
}

export class RunContext implements BaseContext {
  readonly #state: RunState;
  readonly #grant: Grant;

  constructor(state: RunState, grant: Grant) {
    this.#state = state;
    this.#grant = grant;
    grant(this, state);
  }

  get signal(): AbortSignal {
    return this.#state.deadline.signal;
  }

  get run(): RunView {
    return this.#state;
  }

  part(name: string): this {
    const Same = this.constructor as typeof RunContext;
    const { recorder, deadline, secrets, targets, artifacts } = this.#state;
    // A job has one memory, for the whole run: two conversations would overwrite each other's.
    return new Same({ recorder: recorder.part(name), deadline, secrets, memory: null, targets, artifacts }, this.#grant) as this;
  }

  async operation<Result>(name: string, step: (operation: StepReply) => Promise<Result>): Promise<Result> {
    const { recorder } = this.#state;
    const operation = recorder.begin(name);
    const reply = new StepReply();
    try {
      return await step(reply);
    } finally {
      recorder.end(operation, reply.code, reply.message);
    }
  }

  attempt(conversation: () => Promise<void>): Promise<Failure | null> {
    const failed = (error: unknown): Failure => this.#failureOf(error);
    // Not async: an async function keeps all its variables while it waits, and thousands of runs may wait at once.
    try {
      return Promise.resolve(conversation()).then(none, failed);
    } catch (error) {
      return Promise.reject(error).catch(failed);
    }
  }

  #failureOf(error: unknown): Failure {
    if (error instanceof FailureError) return error.failure;
    const { reason } = this.#state.deadline;
    // A step that was aborted through `signal` throws whatever its library throws.
    if (reason !== null) return failure("probe", reason, ENDED[reason]);
    throw error;
  }
}

const OWN_NAMES = Object.getOwnPropertyNames(RunContext.prototype);

/**
 * The class of the ctx of a probe with these needs. Its prototype has them as plain fields, so that a run assigns to them: through the
 * guards below, it would have to define each one again.
 */
export function contextClass(needs: readonly string[]): typeof RunContext {
  class ProbeContext extends RunContext {}
  for (const name of needs) {
    if (!OWN_NAMES.includes(name)) Object.defineProperty(ProbeContext.prototype, name, { value: undefined, writable: true, configurable: true });
  }
  return ProbeContext;
}

/** A JavaScript probe may use a capability that it did not declare: the error names it, instead of "undefined has no properties". */
export function guardUndeclared(capabilities: readonly string[]): void {
  for (const name of capabilities) {
    if (Object.hasOwn(RunContext.prototype, name)) continue;
    Object.defineProperty(RunContext.prototype, name, {
      get: () => {
        throw new Error(`there is no ctx.${name}: list ${JSON.stringify(name)} in the probe's needs`);
      },
      set(capability: unknown) {
        Object.defineProperty(this, name, { value: capability, enumerable: true });
      },
    });
  }
}

function none(): null {
  return null;
}
