import { monotonic } from "../run/clock.js";
import type { PooledSession } from "./pooled-session.js";

const EXPIRY_CHECK_MS = 250;

/**
 * Open sessions that are idle, by destination: a mail site from one source address, or a relay. An idle session counts against the limit of
 * connections like one in use, until its connection is closed.
 */
export class SessionPool {
  /** The last used at the end. */
  readonly #idle = new Map<string, PooledSession[]>();
  /** No longer idle, but the connection is still open. */
  readonly #leaving = new Map<PooledSession, { readonly destination: string; readonly ended: Promise<void> }>();
  #size = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `most`: of all destinations together. */
  constructor(readonly most = Number.POSITIVE_INFINITY) {}

  idleAt(destination: string): number {
    return this.#idle.get(destination)?.length ?? 0;
  }

  /** The matching session that was used last; null if there is none. Sessions that ended in the meantime, or were used often enough, are dropped. */
  take(destination: string, fits: (session: PooledSession) => boolean, mostUses = Number.POSITIVE_INFINITY): PooledSession | null {
    const sessions = this.#idle.get(destination) ?? [];
    for (const session of sessions.toReversed()) {
      if (!session.isUsable || session.session.connection.hasEnded) {
        this.#remove(destination, session);
        session.close();
      } else if (session.used >= mostUses) void this.#leave(destination, session);
      else if (fits(session)) {
        this.#remove(destination, session);
        return session;
      }
    }
    return null;
  }

  /** Keeps a session for the next message or job. */
  keep(destination: string, session: PooledSession, idleMs: number): void {
    session.rest(idleMs);
    const sessions = this.#idle.get(destination);
    if (sessions === undefined) this.#idle.set(destination, [session]);
    else sessions.push(session);
    this.#size += 1;
    if (this.#size > this.most) void this.#endOldest();
    this.#timer ??= setTimeout(() => this.#endExpired(), EXPIRY_CHECK_MS);
  }

  /** Closes idle sessions until, with those in use, no more than `most` connections are open at the destination. Null: at all destinations. */
  async makeRoom(destination: string | null, inUse: number, most: number): Promise<void> {
    const leaving = [...this.#leaving.values()].filter((each) => destination === null || each.destination === destination);
    const idle = destination === null ? this.#oldestFirst() : (this.#idle.get(destination) ?? []).map((session) => ({ destination, session }));
    const tooMany = Math.max(0, inUse + leaving.length + idle.length - most);
    const ended = idle.slice(0, Math.max(0, tooMany - leaving.length)).map((each) => this.#leave(each.destination, each.session));
    await Promise.all([...leaving.slice(0, tooMany).map((each) => each.ended), ...ended]);
  }

  /** Ends every session with QUIT. */
  async end(): Promise<void> {
    for (const { destination, session } of this.#oldestFirst()) void this.#leave(destination, session);
    await Promise.all([...this.#leaving.values()].map(({ ended }) => ended));
    this.#stop();
  }

  /** Closes every session at once. */
  close(): void {
    for (const { session } of this.#oldestFirst()) session.close();
    this.#idle.clear();
    this.#size = 0;
    this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #oldestFirst(): { readonly destination: string; readonly session: PooledSession }[] {
    const all = [...this.#idle].flatMap(([destination, sessions]) => sessions.map((session) => ({ destination, session })));
    return all.sort((one, other) => one.session.idleSince - other.session.idleSince);
  }

  #endOldest(): Promise<void> {
    const [oldest] = this.#oldestFirst();
    return oldest === undefined ? Promise.resolve() : this.#leave(oldest.destination, oldest.session);
  }

  #leave(destination: string, session: PooledSession): Promise<void> {
    this.#remove(destination, session);
    const ended = session.leave().finally(() => this.#leaving.delete(session));
    this.#leaving.set(session, { destination, ended });
    return ended;
  }

  #remove(destination: string, session: PooledSession): void {
    const sessions = this.#idle.get(destination) ?? [];
    const index = sessions.indexOf(session);
    if (index === -1) return;
    sessions.splice(index, 1);
    this.#size -= 1;
    if (sessions.length === 0) this.#idle.delete(destination);
  }

  #endExpired(): void {
    const now = monotonic();
    for (const [destination, sessions] of this.#idle) {
      for (const session of sessions.filter(({ expiresAt }) => expiresAt <= now)) void this.#leave(destination, session);
    }
    this.#timer = this.#size === 0 ? null : setTimeout(() => this.#endExpired(), EXPIRY_CHECK_MS);
  }
}
