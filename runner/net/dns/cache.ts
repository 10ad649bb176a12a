import type { Answer } from "./answer.js";
import { isCertain } from "./answer.js";
import { CACHE_ENTRIES, FAILURE_TTL_S, MAX_CACHED_RECORDS, MAX_TTL_S } from "./limits.js";

export interface CacheOptions {
  /** Milliseconds since 1970. */
  now?: () => number;
  /** How many answers are kept at most. */
  entries?: number;
  maxTtlS?: number;
}

interface Entry {
  readonly answer: Answer;
  readonly expiresAt: number;
}

/**
 * Answers for as long as they are good, the positive and the negative ones. They live in two generations: what is used is in, or
 * moves to, the young one; when that is half of what may be kept, it becomes the old one, and what was in the old one is
 * forgotten. So what has not been used for longest goes, and no answer costs more than two look-ups.
 */
export class Cache {
  readonly now: () => number;
  readonly #generation: number;
  readonly #maxTtlS: number;
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();

  constructor({ now = Date.now, entries = CACHE_ENTRIES, maxTtlS = MAX_TTL_S }: CacheOptions = {}) {
    this.now = now;
    this.#generation = Math.max(1, Math.floor(entries / 2));
    this.#maxTtlS = maxTtlS;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The answer with its remaining time to live; null if it is unknown or expired. */
  get(key: string): Answer | null {
    const young = this.#young.get(key);
    const entry = young ?? this.#old.get(key);
    if (entry === undefined) return null;
    const leftMs = entry.expiresAt - this.now();
    if (leftMs <= 0) return null;
    if (young === undefined) this.#put(key, entry);
    return { ...entry.answer, ttl: Math.floor(leftMs / 1000), fromCache: true };
  }

  set(key: string, answer: Answer): void {
    this.keep(key, answer, this.now() + this.lifeOf(answer) * 1000);
  }

  /** One that another process has learned, too. */
  keep(key: string, answer: Answer, expiresAt: number): void {
    this.#put(key, { answer, expiresAt: Math.min(expiresAt, this.now() + this.#maxTtlS * 1000) });
  }

  /** For how many seconds an answer may be kept. */
  lifeOf(answer: Answer): number {
    if (answer.records.length > MAX_CACHED_RECORDS) return 0;
    return isCertain(answer) ? Math.min(answer.ttl ?? 0, this.#maxTtlS) : FAILURE_TTL_S;
  }

  #put(key: string, entry: Entry): void {
    this.#old.delete(key);
    this.#young.set(key, entry);
    if (this.#young.size < this.#generation) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
