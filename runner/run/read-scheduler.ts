import { processWide } from "../support/process-wide.js";
import { monotonic } from "./clock.js";

/** Something with unprocessed arrivals. */
export interface Arrival {
  arrive(): void;
}

/**
 * Records the time of every arrival before any is processed.
 *
 * When a thousand peers reply in the same millisecond, the poll phase delivers one socket after the other. If each reply were parsed and handled at
 * once, the last one would seem as late as all that work took. So the read callback only stores the bytes with the time at which the poll phase began
 * to deliver; they are processed after the poll phase, in slices, so that sockets which become readable in the meantime get their time stamp soon too.
 */
const SLICE_MS = 0.5;

/** When the current poll phase delivered its first arrival; null before it. */
let polledAt: number | null = null;
let polled = 0;
/** When the poll phase before it returned: what it did not deliver arrived later. */
let polledSince = 0;
/** When the newest poll phase returned; infinite while nothing is scheduled, because then other poll phases may follow it unnoticed. */
let lastPollAt = Number.POSITIVE_INFINITY;

let waiting: Arrival[] = [];
let next = 0;
let scheduled = false;
let sliceEndsAt = 0;

/** One for the process, even if dist/ contains this file more than once: each copy would otherwise only know its own arrivals. */
const scheduler = processWide("read-scheduler", () => ({ arrivedAt: timeOfArrival, later: workLater, startWhenIdle: startNowOrLater }));

export const { later } = scheduler;

/**
 * When something arrived that is being read now and cannot have arrived before `since`. What one poll phase delivers was there when it began, also what
 * it delivers last: with hundreds of sockets, the callbacks before that take milliseconds. What arrived while the process was busy after the poll phase
 * before, perhaps with collecting garbage, gets the middle of that time: nothing is nearer on average.
 */
export const { arrivedAt } = scheduler;

/**
 * Starts a run when no arrivals are waiting. If a caller starts more runs than this process can handle, those in progress are finished first, and the
 * others start as time permits: each is measured as exactly as if it were alone, and their total memory stays small.
 */
export const { startWhenIdle } = scheduler;

/**
 * Calls back once everything that has arrived by now is worked on, with the promises that it settles. A process that is held up finds its timers due
 * before it reads what its peers sent in time: a timeout that is judged after that is the peer's, and not this process's.
 */
export function afterReading(callback: () => void): void {
  setImmediate(() => later({ arrive: () => void setImmediate(callback) }));
}

function timeOfArrival(since: number): number {
  if (polledAt === null || polled === ONE_POLL) {
    const now = monotonic();
    polledSince = Math.min(polledAt ?? lastPollAt, now);
    polledAt = now;
    polled = 0;
    schedule();
  }
  polled++;
  const earliest = since > polledSince ? since : polledSince;
  return earliest < polledAt ? (earliest + polledAt) / 2 : polledAt;
}

function workLater(arrival: Arrival): void {
  waiting.push(arrival);
  schedule();
}

let starts: (() => void)[] = [];
let nextStart = 0;
let beginUntil = 0;

function startNowOrLater(start: () => void): void {
  if (scheduled) starts.push(start);
  else {
    schedule();
    start();
  }
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(beginSlice);
}

function beginSlice(): void {
  const now = monotonic();
  lastPollAt = polledAt ?? now;
  polledAt = null;
  sliceEndsAt = now + SLICE_MS;
  workThrough();
}

/**
 * Processes a few arrivals, and the next ones after the promises that these settle: sending the next command, ending the run and starting another are
 * most of the work, and must count for the slice.
 */
function workThrough(): void {
  if (next === waiting.length) {
    waiting = [];
    next = 0;
    polledAt = null;
    beginUntil = monotonic() + BEGIN_MS;
    beginSome();
  } else if (monotonic() > sliceEndsAt) {
    polledAt = null;
    // Under load this is never empty, so processed entries must be released.
    waiting = waiting.slice(next);
    next = 0;
    beginOne();
  } else {
    // First, so that an exception of one does not affect the others.
    SETTLED.then(workThrough);
    const until = Math.min(next + HANDFUL, waiting.length);
    while (next < until) (waiting[next++] as Arrival).arrive();
  }
}

/** Ends the slice with one new run, even if the slice has used up its time, so that runs do not starve. */
function beginOne(): void {
  setImmediate(beginSlice);
  if (nextStart < starts.length) (starts[nextStart++] as () => void)();
  forgetBegun();
}

/** Under load this list is never empty either. Done only now and then, because the remaining entries are moved. */
function forgetBegun(): void {
  if (nextStart < FORGET_AFTER || nextStart * 2 < starts.length) return;
  starts = starts.slice(nextStart);
  nextStart = 0;
}

/** Ends the slice with as many new runs as may delay the next poll. Their consequences count, as with arrivals. */
function beginSome(): void {
  if (nextStart === starts.length) {
    starts = [];
    nextStart = 0;
    // What arrived during a long slice is delivered by the next poll phase, which must be known to be the next one.
    scheduled = waiting.length > 0 || monotonic() - lastPollAt > LONG_MS;
    if (scheduled) setImmediate(beginSlice);
    else lastPollAt = Number.POSITIVE_INFINITY;
  } else if (waiting.length > 0 || monotonic() > beginUntil) setImmediate(beginSlice);
  else {
    SETTLED.then(beginSome);
    const until = Math.min(nextStart + STARTS_AT_ONCE, starts.length);
    while (nextStart < until) (starts[nextStart++] as () => void)();
    forgetBegun();
  }
}

/** libuv asks the system for at most 1024 events at a time, and asks again in the same phase if it got as many. Not all of them are reads. */
const ONE_POLL = 512;

/** About four connects, or a dozen runs that never leave the process. A longer slice would make arrivals look late. */
const BEGIN_MS = 0.1;
const STARTS_AT_ONCE = 4;
const FORGET_AFTER = 64;

/** Arrivals of a shorter time are exact enough. */
const LONG_MS = 0.5;

/** One at a time would be no more exact, and costs a promise for each. */
const HANDFUL = 16;

/** then() of a promise that is settled costs a third of what queueMicrotask() does. */
const SETTLED = Promise.resolve();
