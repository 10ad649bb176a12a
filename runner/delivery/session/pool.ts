import { monotonic } from "../../run/clock.js";
import type { Destination } from "../route/destination.js";
import type { DestinationLimiter } from "./destination-limiter.js";
import type { PooledSession } from "./pooled-session.js";

const EXPIRY_CHECK_MS = 250;

/** Sessions that are kept open for another message, each with the limiter of its destination. */
export class SessionPool {
  readonly #limiters = new Map<DestinationLimiter, number>();
  #timer: NodeJS.Timeout | null = null;

  /** The matching session that was used last; null if there is none. Sessions that broke in the meantime are dropped. */
  take({ limiter, hosts, keyOf }: Destination): PooledSession | null {
    const { idle } = limiter;
    for (let index = idle.length - 1; index >= 0; index--) {
      const session = idle[index] as PooledSession;
      const { host } = session.endpoint;
      if (!session.isUsable) {
        idle.splice(index, 1);
        session.close();
      } else if (session.used >= limiter.messagesPerSession) {
        idle.splice(index, 1);
        session.leaveInBackground();
      } else if (hosts.has(host) && session.key === keyOf(host)) {
        idle.splice(index, 1);
        return session;
      }
    }
    return null;
  }

  /** Makes room for a new session if idle ones exhaust the limit. */
  makeRoom({ idle, busy, limits }: DestinationLimiter): void {
    while (idle.length > 0 && idle.length + busy > limits.sessions) idle.shift()?.leaveInBackground();
  }

  /** Keeps a session for the next message. */
  keep(limiter: DestinationLimiter, session: PooledSession, idleMs: number): void {
    session.rest();
    limiter.idle.push(session);
    this.#limiters.set(limiter, idleMs);
    this.#timer ??= setTimeout(() => this.#endExpired(), EXPIRY_CHECK_MS);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#limiters.clear();
  }

  #endExpired(): void {
    const now = monotonic();
    for (const [limiter, idleMs] of this.#limiters) {
      while (limiter.idle.length > 0 && now - (limiter.idle[0] as PooledSession).idleSince >= idleMs) limiter.idle.shift()?.leaveInBackground();
      if (limiter.idle.length === 0) this.#limiters.delete(limiter);
    }
    this.#timer = this.#limiters.size === 0 ? null : setTimeout(() => this.#endExpired(), EXPIRY_CHECK_MS);
  }
}
