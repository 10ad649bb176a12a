import { processWide } from "../support/process-wide.js";
import { monotonic } from "./clock.js";

/** Something with arrivals that wait to be worked on. */
export interface Arrival {
  arrive(): void;
}

/**
 * Takes the time of every arrival before any is worked on.
 *
 * When a thousand peers answer in the same millisecond, the poll phase hands us one socket after the other. If each reply
 * were parsed and acted on at once, the last one would seem as late as all that work took. So the read callback only notes the
 * time and puts the bytes aside; they are worked off after the poll phase, and in slices, so that sockets which become readable
 * meanwhile get their time stamp soon too.
 */
const SLICE_MS = 0.5;

let waiting: Arrival[] = [];
let next = 0;
let scheduled = false;
let sliceEndsAt = 0;

/** One for the process, also where dist/ holds this file more than once: two would not know of what waits for the other. */
const scheduler = processWide("read-scheduler", () => ({ later: workLater, startWhenIdle: startNowOrLater }));

export const { later } = scheduler;

/**
 * Begins a run when nothing that has arrived waits to be worked on. When a caller asks for more at once than this process can do, the
 * runs that are under way are finished first, and the others begin as there is time: each is measured as exactly as if it were
 * alone, and what all of them together hold stays small.
 */
export const { startWhenIdle } = scheduler;

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
  sliceEndsAt = monotonic() + SLICE_MS;
  workThrough();
}

/**
 * Processes a handful of arrivals, and the next after the promises that these settle: sending the next command, ending the run
 * and starting another are most of the work, and a slice must count them too.
 */
function workThrough(): void {
  if (next === waiting.length) {
    waiting = [];
    next = 0;
    beginUntil = monotonic() + BEGIN_MS;
    beginSome();
  } else if (monotonic() > sliceEndsAt) {
    // Under load this is never empty: what has been worked on must not be held for ever.
    waiting = waiting.slice(next);
    next = 0;
    beginOne();
  } else {
    // First: whatever one of these throws, the others have their turn.
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

/** Under load this list is never empty either. Now and then, since what still waits is moved. */
function forgetBegun(): void {
  if (nextStart < FORGET_AFTER || nextStart * 2 < starts.length) return;
  starts = starts.slice(nextStart);
  nextStart = 0;
}

/** Ends the slice with as many new runs as a poll for arrivals may be put off by. What they set off counts, as with arrivals. */
function beginSome(): void {
  if (nextStart === starts.length) {
    starts = [];
    nextStart = 0;
    scheduled = waiting.length > 0;
    if (scheduled) setImmediate(beginSlice);
  } else if (waiting.length > 0 || monotonic() > beginUntil) setImmediate(beginSlice);
  else {
    SETTLED.then(beginSome);
    const until = Math.min(nextStart + STARTS_AT_ONCE, starts.length);
    while (nextStart < until) (starts[nextStart++] as () => void)();
    forgetBegun();
  }
}

/** Some four connects, or a dozen runs that never leave the process. Longer makes what arrives meanwhile look late. */
const BEGIN_MS = 0.1;
const STARTS_AT_ONCE = 4;
const FORGET_AFTER = 64;

/** One at a time would be no more exact, and costs a promise for each. */
const HANDFUL = 16;

/** then() of a promise that is settled costs a third of what queueMicrotask() does. */
const SETTLED = Promise.resolve();
