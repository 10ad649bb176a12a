/** Milliseconds of the monotonic clock, with microsecond precision. */
export function monotonic(): number {
  return performance.now();
}

/** Milliseconds, rounded to microseconds, as in an output. */
export function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

/** A larger difference means that the system clock was set. */
const DRIFT_MS = 2;
/** Two readings with a larger gap say nothing about each other: the process was suspended between them. */
const AT_ONCE_MS = 0.5;
const LOOKS = 5;

/** The UTC moment of a monotonic reading, with microseconds: 2026-11-20T02:41:46.693974Z. */
export const utc = utcClock(Date.now, monotonic, performance.timeOrigin);

/** Derives UTC from a monotonic clock. A worker runs for weeks: if the system clock is set in the meantime, this follows it. */
export function utcClock(wall: () => number, steady: () => number, origin: number): (reading: number) => string {
  let offset = origin;
  const isOff = (drift: number): boolean => drift > DRIFT_MS || drift < -DRIFT_MS;
  /** What looks like drift may be a pause between two readings: it counts only if it is measured without one. */
  const follow = (): void => {
    for (let look = 0; look < LOOKS; look++) {
      const before = steady();
      const drift = wall() - (offset + before);
      if (steady() - before > AT_ONCE_MS) continue;
      if (isOff(drift)) offset += drift;
      return;
    }
  };
  return (reading) => {
    if (isOff(wall() - (offset + steady()))) follow();
    return written(offset + reading);
  };
}

function written(utcMilliseconds: number): string {
  const microseconds = Math.round(utcMilliseconds * 1000);
  const milliseconds = Math.floor(microseconds / 1000);
  if (!(milliseconds >= second && milliseconds < second + 1000)) {
    second = Math.floor(milliseconds / 1000) * 1000;
    upToSecond = new Date(second).toISOString().slice(0, -4);
  }
  return `${upToSecond}${String(microseconds - second * 1000).padStart(6, "0")}Z`;
}

/** The last second that was formatted: thousands of runs may start in the same one. */
let second = Number.NaN;
let upToSecond = "";
