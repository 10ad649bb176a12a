import { monotonic, round } from "../../runner/run/clock.js";
import type { Transfer } from "./schema.js";

const INTERVAL_MS = 1000;

export interface MeterLimits {
  readonly testMs: number;
  readonly maxBytes: number;
  readonly maxBitsPerSecond: number;
}

/** Counts the bytes of one direction over all of its streams, and says when to pause and when to stop. */
export class Meter {
  bytes = 0;
  #beganAt: number | null = null;
  #endedAt = 0;
  readonly #intervals: number[] = [];

  constructor(
    readonly limits: MeterLimits,
    readonly now: () => number = monotonic,
  ) {}

  count(bytes: number): void {
    const now = this.now();
    this.#beganAt ??= now;
    this.#endedAt = now;
    this.bytes += bytes;
    const index = Math.floor((now - this.#beganAt) / INTERVAL_MS);
    while (this.#intervals.length <= index) this.#intervals.push(0);
    this.#intervals[index] = (this.#intervals[index] as number) + bytes;
  }

  /** The transfer ended later than with its last piece: the server has confirmed it. */
  confirm(): void {
    if (this.#beganAt !== null) this.#endedAt = this.now();
  }

  get isDone(): boolean {
    return this.bytes >= this.limits.maxBytes || (this.#beganAt !== null && this.now() - this.#beganAt >= this.limits.testMs);
  }

  /** What may still be transferred. */
  get left(): number {
    return Math.max(0, this.limits.maxBytes - this.bytes);
  }

  /** How far the transfer is ahead of the permitted rate. */
  get aheadMs(): number {
    if (this.#beganAt === null) return 0;
    return Math.max(0, (this.bytes * 8000) / this.limits.maxBitsPerSecond - (this.now() - this.#beganAt));
  }

  get durationMs(): number | null {
    return this.#beganAt === null ? null : round(this.#endedAt - this.#beganAt);
  }

  get bitsPerSecond(): number | null {
    const { durationMs } = this;
    return durationMs === null || durationMs <= 0 ? null : Math.round((this.bytes * 8000) / durationMs);
  }

  get intervals(): Transfer["intervals"] {
    const whole = this.durationMs ?? 0;
    return this.#intervals.flatMap((bytes, index) => {
      const at_ms = index * INTERVAL_MS;
      const duration_ms = round(Math.min(INTERVAL_MS, whole - at_ms));
      // A last piece that begins an interval has no time of its own.
      return duration_ms < 1 ? [] : [{ at_ms, duration_ms, bytes, bits_per_second: Math.round((bytes * 8000) / duration_ms), retransmits: null }];
    });
  }
}
