import { createHash } from "node:crypto";

export const HIGHEST_PRIORITY = 9;
/** The highest first. */
export const PRIORITIES: readonly number[] = Array.from({ length: HIGHEST_PRIORITY + 1 }, (_, index) => HIGHEST_PRIORITY - index);

export type ChannelName = "jobs" | "results";

/** The streams and subjects of one channel. */
export interface Names {
  /** Messages that are waiting, delayed or leased. An acknowledgement removes a message. */
  readonly queue: string;
  /** One record for each message that was claimed and is not settled, and those of the clock, the pause and the claim lock. */
  readonly leases: string;
  /** The ids of finished messages; the server removes them by age. */
  readonly done: string;
  readonly dead: string;
  /** Saved states. Lease records and dead letters refer to them by sequence, and a state without a reference does not count. */
  readonly states: string;
  queued(priority: number | "*", token: string): string;
  lease(token: string): string;
  doneId(token: string): string;
  deadLetter(token: string): string;
  state(token: string): string;
  consumer(priority: number): string;
  readonly paused: string;
  readonly clock: string;
  readonly claimLock: string;
  /** Not stored: wakes the waiting claims. */
  readonly wake: string;
}

export function namesOf(prefix: string, channel: ChannelName): Names {
  const stream = `${prefix}-${channel}`;
  const subject = `${prefix}.${channel}`;
  return {
    queue: stream,
    leases: `${stream}-leases`,
    done: `${stream}-done`,
    dead: `${stream}-dead`,
    states: `${stream}-kept`,
    queued: (priority, token) => `${subject}.queue.${priority}.${token}`,
    lease: (token) => `${subject}.lease.${token}`,
    doneId: (token) => `${subject}.done.${token}`,
    deadLetter: (token) => `${subject}.dead.${token}`,
    state: (token) => `${subject}.kept.${token}`,
    consumer: (priority) => `priority-${priority}`,
    paused: `${subject}.state.paused`,
    clock: `${subject}.state.clock`,
    claimLock: `${subject}.state.gate`,
    wake: `${subject}.wake`,
  };
}

/** An id may contain characters that a subject may not. */
export function tokenOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}
