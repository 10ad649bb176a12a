import type { Limits } from "../limits/limits.js";
import type { LastFailure } from "./last-failure.js";

/**
 * What a store has to be able to do. It moves texts about under leases and knows nothing of probes, contracts or back-off:
 * those are decided above it, once for every store. docs/queues.md says what each promise is worth on which store.
 */
export interface Backend {
  /** For people: the URL without what is secret in it. */
  readonly address: string;
  /** Null: this store takes results only. */
  readonly jobs: Channel | null;
  /** A plain Sink hands results on, and nobody can claim them from it. */
  readonly results: Sink | Channel;
  /** Ends every wait, and lets go of whatever keeps the process alive. */
  close(): Promise<void>;
}

export interface Sink {
  /** Resolves when every message is stored for good: killing anything after that loses nothing. The answers are in the order of the messages. */
  push(messages: readonly Message[]): Promise<PushAnswer[]>;
}

/** duplicate: a message with this id is there, or was within the retention time. */
export type PushAnswer = "accepted" | "duplicate";

export interface Message {
  /** Within its channel, what a duplicate is told by. */
  readonly id: string;
  /** A CloudEvent as one line of JSON. The store hands on the very same text. */
  readonly body: string;
  /** What per-key limits count by, for example an MX site. */
  readonly key: string | null;
  /** 0 to 9; higher goes first. */
  readonly priority: number;
  /** Not claimed before this much time has passed, on the store's clock. */
  readonly delayMs: number;
  /** How much of a rate it takes, 1 where nothing is said: a job that asks ten questions is not one. It goes when there is a token, and those after it wait. */
  readonly weight?: number;
}

/** Messages that are claimed, worked on, and settled. */
export interface Channel extends Sink {
  /**
   * Leases up to `most` messages that are due: higher priority first, then in the order they came. Waits up to `waitMs` for
   * the first one; gives an empty list when there was none, when `signal` aborts, and while the channel is paused. A message whose lease has run
   * out is claimed again, as its next attempt. What a limit holds back stays where it is, costs no attempt, and is passed by
   * messages of other keys.
   */
  claim(request: ClaimRequest): Promise<Delivery[]>;
  /** Leases anew from now; gives back those that are lost: another may hold them by now, so nothing may be done with them. */
  extend(deliveries: readonly Delivery[], leaseMs: number): Promise<Delivery[]>;
  /** Ends deliveries, each its own way. The answers are in the order of the settlements, and given when all is stored for good. */
  settle(settlements: readonly Settlement[]): Promise<SettleAnswer[]>;
  /**
   * Stores a text with each message, in the place of the one before, for whoever claims it next. It stays through retries, releases, lost
   * leases and the dead letters, and goes when the message is done or purged. The answers are as those of settle.
   */
  keep(keepings: readonly Keeping[]): Promise<SettleAnswer[]>;
  counts(): Promise<Counts>;
  /** Nobody claims while it is paused, in any process. What is leased goes on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Dead letters, the oldest first. */
  dead(most: number): Promise<DeadLetter[]>;
  /** Puts dead letters back, due now and with their first attempt before them, and with what they kept: these, or all. Gives how many. */
  revive(ids: readonly string[] | null): Promise<number>;
  /** Takes messages away for good, and forgets their ids: never what is leased. Gives how many. */
  purge(what: Purgeable): Promise<number>;
}

export type Purgeable = "waiting" | "dead" | "done";

export interface ClaimRequest {
  readonly most: number;
  /** How long the store keeps each from others, unless it is extended. */
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly limits: Limits;
  readonly signal?: AbortSignal;
}

/** A message that is leased. Settle and extend take the very object that claim gave. */
export interface Delivery {
  readonly id: string;
  readonly body: string;
  readonly key: string | null;
  /** 1 for the first. A delivery that is given back does not count. */
  readonly attempt: number;
  /** What its last attempt came to; null for the first one, and for a lease that ran out. */
  readonly lastFailure: LastFailure | null;
  /** What was kept with it; null when nothing was. */
  readonly kept: string | null;
  /** 1 for the first; each time that it goes on later, one more. */
  readonly part: number;
}

export interface Keeping {
  readonly delivery: Delivery;
  readonly text: string;
}

export interface Settlement {
  readonly delivery: Delivery;
  readonly outcome: Outcome;
}

export type Outcome =
  /** Worked off. `result` goes to the results of the same store, with the end of the job: both or neither where the store can. */
  | { readonly kind: "done"; readonly result: Message | null }
  /** Comes again after a while, as its next attempt. */
  | { readonly kind: "retry"; readonly afterMs: number; readonly failure: LastFailure }
  /**
   * Worked on, and not done: due after a while as its next part, and this attempt does not count. `result` goes to the results of the same
   * store, as that of "done" does.
   */
  | { readonly kind: "later"; readonly afterMs: number; readonly result: Message | null }
  /** Given back untouched: due at once, and this attempt does not count. */
  | { readonly kind: "release" }
  | { readonly kind: "dead"; readonly failure: LastFailure };

/** lost: the lease had run out and another took over, so nothing was stored of this settlement. */
export type SettleAnswer = "stored" | "lost";

export interface Counts {
  /** Due, whether or not a limit holds them back. */
  readonly waiting: number;
  readonly delayed: number;
  readonly leased: number;
  readonly dead: number;
  /** Worked off within the retention time. */
  readonly done: number;
  readonly isPaused: boolean;
}

export interface DeadLetter {
  readonly id: string;
  readonly body: string;
  readonly key: string | null;
  readonly attempts: number;
  readonly failure: LastFailure;
}

export function isChannel(sink: Sink): sink is Channel {
  return "claim" in sink;
}
