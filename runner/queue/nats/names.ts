import { createHash } from "node:crypto";

export const HIGHEST_PRIORITY = 9;

export type ChannelName = "jobs" | "results";

/** The streams and subjects of one channel. */
export interface Names {
  /** Live messages: waiting, delayed or leased. A message is gone from it when it is acknowledged. */
  readonly queue: string;
  /** One record for each message that was ever claimed and still lives, and the clock's and the pause's. */
  readonly leases: string;
  /** Ids that were worked off; the server forgets them by age. */
  readonly done: string;
  readonly dead: string;
  /** What messages kept. Records and letters name it by its sequence, so that only what they name counts. */
  readonly kept: string;
  queued(priority: number | "*", token: string): string;
  lease(token: string): string;
  doneId(token: string): string;
  letter(token: string): string;
  keptText(token: string): string;
  consumer(priority: number): string;
  readonly paused: string;
  readonly clock: string;
  readonly gate: string;
  /** No stream keeps it: it wakes those who wait. */
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
    kept: `${stream}-kept`,
    queued: (priority, token) => `${subject}.queue.${priority}.${token}`,
    lease: (token) => `${subject}.lease.${token}`,
    doneId: (token) => `${subject}.done.${token}`,
    letter: (token) => `${subject}.dead.${token}`,
    keptText: (token) => `${subject}.kept.${token}`,
    consumer: (priority) => `priority-${priority}`,
    paused: `${subject}.state.paused`,
    clock: `${subject}.state.clock`,
    gate: `${subject}.state.gate`,
    wake: `${subject}.wake`,
  };
}

/** An id may hold what a subject may not. */
export function tokenOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}
