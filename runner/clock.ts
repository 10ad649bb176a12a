/** Milliseconds of the monotonic clock, with microseconds behind the point. */
export function monotonic(): number {
  return performance.now();
}

/** Milliseconds to the microsecond: what a duration or an offset looks like in an output. */
export function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

let wallOffset = performance.timeOrigin;

/** The UTC moment of a monotonic reading, with microseconds: 2026-11-20T02:41:46.693974Z. */
export function utc(reading: number): string {
  // The system clock may be set while a worker runs for weeks; the monotonic one does not follow it.
  const drift = Date.now() - (wallOffset + performance.now());
  if (drift > 2 || drift < -2) wallOffset += drift;
  const microseconds = Math.round((wallOffset + reading) * 1000);
  const milliseconds = Math.floor(microseconds / 1000);
  if (!(milliseconds >= second && milliseconds < second + 1000)) {
    second = Math.floor(milliseconds / 1000) * 1000;
    upToSecond = new Date(second).toISOString().slice(0, -4);
  }
  return `${upToSecond}${String(microseconds - second * 1000).padStart(6, "0")}Z`;
}

/** The last second that was formatted: thousands of runs may begin in the same one. */
let second = Number.NaN;
let upToSecond = "";
