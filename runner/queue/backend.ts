import type { Limits } from "../limits/limits.js";
import type { LastFailure } from "./last-failure.js";

/**
 * What a store must be able to do. It moves texts under leases and knows nothing of probes, contracts or back-off, which are handled above it, once
 * for all stores. docs/queues.md describes how each store keeps these promises.
 */
export interface Backend {
  /** The URL without its secrets, for messages. */
  readonly address: string;
  /** Null: this store accepts results only. */
  readonly jobs: Channel | null;
  /** Results that are only forwarded are a Sink; those that can be claimed are a Channel. */
  readonly results: Sink | Channel;
  /** Ends every wait, and closes whatever keeps the process alive. */
  close(): Promise<void>;
}

export interface Sink {
  /** Resolves when every message is stored durably: no kill after that loses one. The answers are in the order of the messages. */
  push(messages: readonly Message[]): Promise<PushAnswer[]>;
}

/** duplicate: a message with this id is stored, or was within the retention time. */
export type PushAnswer = "accepted" | "duplicate";

export interface Message {
  /** Identifies duplicates within a channel. */
  readonly id: string;
  /** A CloudEvent as one line of JSON. Consumers get exactly this text. */
  readonly body: string;
  /** What per-key limits count by, for example a mail site. */
  readonly key: string | null;
  /** 0 to 9; higher priorities are claimed first. */
  readonly priority: number;
  /** The message cannot be claimed before this time has passed, by the store's clock. */
  readonly delayMs: number;
  /** How many tokens of a rate it takes; 1 by default. It starts as soon as one token is available, and later messages wait for the rest. */
  readonly weight?: number;
}

/** Of a weight that another program wrote: one message must not hold back the others of its key for ever. */
export const MAX_WEIGHT = 1_000_000;

/** Messages that can be claimed, processed and settled. */
export interface Channel extends Sink {
  /** True: a claim and a settlement of the same moment are one transaction, so it saves time to send them together. */
  readonly sharesWrites?: boolean;
  /**
   * Leases up to `max` messages that are due: higher priorities first, then in order of arrival. Waits up to `waitMs` for the first one. Returns an
   * empty list if there was none, if `signal` aborts, and while the channel is paused. A message whose lease has expired is claimed again, as its
   * next attempt. A message that a limit holds back costs no attempt, and messages of other keys overtake it. A claim that waits while the store is
   * closed returns an empty list; a later one rejects with the code `closed`, or a worker would ask again without end.
   */
  claim(request: ClaimRequest): Promise<LeasedMessage[]>;
  /** Renews leases from now on. Returns those that are lost: another worker may hold them, so they must not be used any more. */
  extend(messages: readonly LeasedMessage[], leaseMs: number): Promise<LeasedMessage[]>;
  /**
   * Settles messages, each with its own outcome. The answers are in the order of the settlements, and are given when everything is stored durably: with
   * `mayWait` some milliseconds later, if that saves the store work. What is settled is visible to others at once.
   */
  settle(settlements: readonly Settlement[], mayWait?: boolean): Promise<SettleAnswer[]>;
  /**
   * Stores a state with each message for its next claim, and replaces the previous one. The state survives retries, releases, lost leases and the
   * dead-letter queue, and is removed when the message is done or purged. The answers mean the same as those of settle.
   */
  saveState(updates: readonly StateUpdate[]): Promise<SettleAnswer[]>;
  counts(): Promise<Counts>;
  /** While it is paused, no process claims anything. Leased messages are not affected. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** The dead letters, oldest first. */
  deadLetters(max: number): Promise<DeadLetter[]>;
  /**
   * Returns dead letters to the queue, due now, with all their attempts and their saved state: those with these ids, or all. Returns their number.
   */
  retryDead(ids: readonly string[] | null): Promise<number>;
  /** Deletes messages and forgets their ids; leased messages are not touched. Returns their number. */
  purge(what: PurgeableState): Promise<number>;
}

export type PurgeableState = "waiting" | "dead" | "done";

export interface ClaimRequest {
  readonly max: number;
  /** How long the messages are leased unless the lease is extended. */
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly limits: Limits;
  readonly signal?: AbortSignal;
}

/** A message under a lease. settle() and extend() expect the same object that claim() returned. */
export interface LeasedMessage {
  readonly id: string;
  readonly body: string;
  readonly key: string | null;
  /** 1 for the first attempt. A released message does not count. */
  readonly attempt: number;
  /** Why its last attempt failed; null for the first one, and after an expired lease. */
  readonly lastFailure: LastFailure | null;
  /** What saveState() stored for it; null if nothing was stored. */
  readonly savedState: string | null;
  /** 1 for the first part; each "later" adds one. */
  readonly part: number;
}

export interface StateUpdate {
  readonly message: LeasedMessage;
  readonly state: string;
}

export interface Settlement {
  readonly message: LeasedMessage;
  readonly outcome: Outcome;
}

export type Outcome =
  /** Finished. `result` is stored in the results of the same store together with the end of the job, atomically where the store can. */
  | { readonly kind: "done"; readonly result: Message | null }
  /** Retried after a delay, as its next attempt. */
  | { readonly kind: "retry"; readonly afterMs: number; readonly failure: LastFailure }
  /** Not finished: due after a delay as its next part, and this attempt does not count. `result` is stored as for "done". */
  | { readonly kind: "later"; readonly afterMs: number; readonly result: Message | null }
  /** Returned without being processed: due at once, and this attempt does not count. */
  | { readonly kind: "release" }
  | { readonly kind: "dead"; readonly failure: LastFailure };

/** lost: the lease expired and another worker took over, so nothing of this settlement was stored. */
export type SettleAnswer = "stored" | "lost";

export interface Counts {
  /** Due, including those that a limit holds back. */
  readonly waiting: number;
  readonly delayed: number;
  readonly leased: number;
  readonly dead: number;
  /** Finished within the retention time. */
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
