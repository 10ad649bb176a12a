import type { Phase } from "../../../schemas/failure.js";
import type { Operation } from "../../../schemas/operation.js";
import type { FailureError } from "../../run/failure-error.js";
import type { Frame } from "./framer.js";
import { LIMITS } from "./limits.js";
import type { ResponseCode, Tagged, Untagged } from "./response.js";

/** How a command ended, and all responses that the server sent before that. */
export interface CommandReply {
  readonly status: Tagged["status"];
  readonly code: ResponseCode | null;
  readonly text: string;
  readonly untagged: readonly Untagged[];
  /** From the write of the command to the arrival of its tagged line. */
  readonly duration_ms: number;
}

/** What happened next to a command: the server asked for more, sent an awaited response, or ended it. */
export type Step = { readonly kind: "continue"; readonly text: string } | { readonly kind: "data" } | { readonly kind: "end"; readonly reply: CommandReply };

/** One command that was begun and is not ended. */
export class InFlight {
  readonly untagged: Untagged[] = [];
  /** Set while IDLE waits for a response. */
  wantsData = false;
  #bytes = 0;
  #steps: Step[] = [];
  #failure: FailureError | null = null;
  #waiting: { resolve: (step: Step) => void; reject: (error: FailureError) => void } | null = null;

  constructor(
    readonly tag: string,
    readonly phase: Phase,
    readonly operation: Operation,
    /** STARTTLS: what follows its reply in plain text must not be read as responses. */
    readonly holds: boolean,
  ) {}

  /** The next event, in order; earlier events are not lost. */
  next(): Promise<Step> {
    const step = this.#steps.shift();
    if (step !== undefined) return Promise.resolve(step);
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Stores a response; returns a problem if there are more than the limit. */
  add(response: Untagged, { lines, literals }: Frame): string | null {
    this.untagged.push(response);
    for (const part of [...lines, ...literals]) this.#bytes += part.length;
    if (this.untagged.length > LIMITS.responses) return `more than ${LIMITS.responses} responses to ${this.operation.name}`;
    return this.#bytes > LIMITS.responseBytes ? `more than ${LIMITS.responseBytes} bytes in answer to ${this.operation.name}` : null;
  }

  happened(step: Step): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#steps.push(step);
    else waiting.resolve(step);
  }

  broke(error: FailureError): void {
    this.#failure = error;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }
}
