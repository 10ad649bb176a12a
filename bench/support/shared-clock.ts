/** The closest pair of several readings is used: between two readings a process may be suspended. */
const TRIES = 200;

const origin = calibrated();

/** A reading of this process's performance.now(), in milliseconds of the monotonic clock that all processes of a machine share. */
export function sharedTime(reading: number): number {
  return origin + reading;
}

function calibrated(): number {
  let best = { gap: Number.POSITIVE_INFINITY, origin: 0 };
  for (let tried = 0; tried < TRIES; tried += 1) {
    const before = process.hrtime.bigint();
    const reading = performance.now();
    const gap = Number(process.hrtime.bigint() - before) / 1e6;
    if (gap < best.gap) best = { gap, origin: Number(before) / 1e6 + gap / 2 - reading };
  }
  return best.origin;
}
