import type { Limits } from "../limits/limits.js";
import { SessionState } from "../net/smtp/session-state.js";
import type { RunState } from "../run/run-state.js";
import { onShutdown } from "../support/shutdown-hooks.js";
import type { PooledSession } from "./pooled-session.js";
import { SessionPool } from "./session-pool.js";

/** Sessions that stay open briefly between the jobs of a queue, so that jobs of one site share a connection. */
export interface JobSessions {
  /** Registers a session that is about to be opened and may outlive this run. Resolves when there is room for its connection. */
  newState(site: string): Promise<SessionState>;
  /** A session with this key that an earlier job left open; null if there is none. */
  take(site: string, key: string): PooledSession | null;
  /** Keeps the session for the next job. */
  keep(session: PooledSession): void;
  /** The session was closed, or never opened. */
  release(state: SessionState): void;
}

/** Longer than the second between two addresses of a site, and shorter than any server's idle timeout. */
const IDLE_MS = 5000;
/** For all sites, whatever the limits are. */
const MAX_SESSIONS = 50;

const pool = new SessionPool(MAX_SESSIONS);
/** The site of each session that a run uses or opens. */
const inUse = new Map<SessionState, string>();

onShutdown(() => pool.end());

export function jobSessions({ recorder, deadline, secrets, targets }: RunState, { all, eachKey, keys }: Limits): JobSessions {
  return {
    async newState(site) {
      const state = new SessionState(secrets, targets);
      state.use(recorder, deadline);
      inUse.set(state, site);
      const perSite = (keys[site] ?? eachKey)?.atOnce ?? MAX_SESSIONS;
      await pool.makeRoom(site, [...inUse.values()].filter((each) => each === site).length, perSite);
      await pool.makeRoom(null, inUse.size, Math.min(all?.atOnce ?? MAX_SESSIONS, MAX_SESSIONS));
      return state;
    },
    take(site, key) {
      const session = pool.take(site, (each) => each.key === key);
      if (session === null || session.state === null) return null;
      inUse.set(session.state, site);
      session.state.use(recorder, deadline);
      if (session.endpoint.ipAddress !== null && session.dialled !== null) recorder.connected(session.endpoint.ipAddress, session.dialled.connectedAt);
      return session;
    },
    keep(session) {
      if (session.state === null) throw new Error("a session that ends with its run cannot be kept");
      const site = inUse.get(session.state) ?? "";
      inUse.delete(session.state);
      pool.keep(site, session, IDLE_MS);
    },
    release(state) {
      inUse.delete(state);
      state.end();
    },
  };
}
