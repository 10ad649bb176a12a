import { monotonic } from "../clock.js";

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

export function later(arrival: Arrival): void {
  waiting.push(arrival);
  if (scheduled) return;
  scheduled = true;
  setImmediate(workOff);
}

function workOff(): void {
  const until = monotonic() + SLICE_MS;
  try {
    while (next < waiting.length) {
      (waiting[next++] as Arrival).arrive();
      // Reading the clock is cheap, but not free: once every few arrivals is close enough.
      if ((next & 3) === 0 && monotonic() > until) break;
    }
  } finally {
    if (next < waiting.length) setImmediate(workOff);
    else {
      waiting = [];
      next = 0;
      scheduled = false;
    }
  }
}
