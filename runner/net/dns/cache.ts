import type { Answer } from "./answer.js";
import { isCertain } from "./answer.js";
import { CACHE_ENTRIES, FAILURE_TTL_S, MAX_TTL_S } from "./limits.js";

export interface CacheOptions {
  /** Milliseconds since 1970. */
  now?: () => number;
  entries?: number;
  maxTtlS?: number;
}

interface Entry {
  readonly answer: Answer;
  readonly expiresAt: number;
}

/** Answers for as long as they are good, the positive and the negative ones; the one that was used least recently goes first. */
export class Cache {
  readonly now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #most: number;
  readonly #maxTtlS: number;

  constructor({ now = Date.now, entries = CACHE_ENTRIES, maxTtlS = MAX_TTL_S }: CacheOptions = {}) {
    this.now = now;
    this.#most = entries;
    this.#maxTtlS = maxTtlS;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The answer with what is left of its time to live; null when it is not known, or no longer. */
  get(key: string): Answer | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    const leftMs = entry.expiresAt - this.now();
    this.#entries.delete(key);
    if (leftMs <= 0) return null;
    this.#entries.set(key, entry);
    return { ...entry.answer, ttl: Math.floor(leftMs / 1000), fromCache: true };
  }

  set(key: string, answer: Answer): void {
    const lifeS = this.lifeOf(answer);
    if (lifeS > 0) this.keep(key, answer, this.now() + lifeS * 1000);
    else this.#entries.delete(key);
  }

  /** One that another process has learned. */
  keep(key: string, answer: Answer, expiresAt: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { answer, expiresAt: Math.min(expiresAt, this.now() + this.#maxTtlS * 1000) });
    if (this.#entries.size > this.#most) this.#entries.delete(this.#entries.keys().next().value as string);
  }

  lifeOf(answer: Answer): number {
    return isCertain(answer) ? Math.min(answer.ttl ?? 0, this.#maxTtlS) : FAILURE_TTL_S;
  }

  clear(): void {
    this.#entries.clear();
  }
}
