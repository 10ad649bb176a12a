import { monotonic } from "../../run/clock.js";
import type { Destination } from "../route/destination.js";
import type { Lane } from "./destination-limiter.js";
import type { PooledSession } from "./pooled-session.js";

const LOOK_EVERY_MS = 250;

/** The sessions that wait in their lanes for another message. */
export class Pool {
  readonly #lanes = new Map<Lane, number>();
  #timer: NodeJS.Timeout | null = null;

  /** The session that was used last and fits; null when there is none. Those that broke while they waited are forgotten. */
  take({ lane, hosts, keyOf }: Destination): PooledSession | null {
    const { idle } = lane;
    for (let index = idle.length - 1; index >= 0; index--) {
      const pooled = idle[index] as PooledSession;
      if (!pooled.isUsable) {
        idle.splice(index, 1);
        pooled.close();
      } else if (hosts.has(pooled.door.host) && pooled.key === keyOf(pooled.door.host)) {
        idle.splice(index, 1);
        return pooled;
      }
    }
    return null;
  }

  /** Makes room for a new session, where those that wait already fill the lane. */
  makeRoom({ idle, busy, limits }: Lane): void {
    while (idle.length > 0 && idle.length + busy > limits.sessions) idle.shift()?.leaveBehind();
  }

  /** Keeps a session for the next message. */
  keep(lane: Lane, pooled: PooledSession, idleMs: number): void {
    pooled.rest();
    lane.idle.push(pooled);
    this.#lanes.set(lane, idleMs);
    this.#timer ??= setTimeout(() => this.#look(), LOOK_EVERY_MS);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#lanes.clear();
  }

  #look(): void {
    const now = monotonic();
    for (const [lane, idleMs] of this.#lanes) {
      while (lane.idle.length > 0 && now - (lane.idle[0] as PooledSession).idleSince >= idleMs) lane.idle.shift()?.leaveBehind();
      if (lane.idle.length === 0) this.#lanes.delete(lane);
    }
    this.#timer = this.#lanes.size === 0 ? null : setTimeout(() => this.#look(), LOOK_EVERY_MS);
  }
}
