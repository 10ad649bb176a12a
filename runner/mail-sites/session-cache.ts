import type { Limits } from "../limits/limits.js";
import { leave } from "../net/smtp/leave.js";
import type { SmtpSession } from "../net/smtp/session.js";
import { SessionState } from "../net/smtp/session-state.js";
import type { RunState } from "../run/run-state.js";
import { onShutdown } from "../support/shutdown-hooks.js";

/** A session that a job has left open for the next one to the same endpoints. */
export interface IdleSession {
  readonly session: SmtpSession;
  readonly state: SessionState;
  readonly host: string;
  readonly ipAddress: string;
  readonly port: number;
  readonly helloName: string;
  readonly tls: "none" | "secured" | "refused" | "failed";
  /** How many addresses were checked on it. */
  readonly asked: number;
  /** On the monotonic clock. */
  readonly dialledAt: number;
  readonly connectedAt: number;
}

/**
 * Keeps sessions open briefly between the jobs of a queue, so that jobs of one site share a connection. An open session counts against the limit of
 * connections whether it is in use or idle: before a new one is opened, idle ones are closed until there is room.
 */
export interface SessionCache {
  /** Registers a session that is about to be opened and may outlive this run. Resolves when there is room for its connection. */
  newState(site: string): Promise<SessionState>;
  /** The key contains everything in which two sessions may differ. Null if none is idle. */
  take(key: string): IdleSession | null;
  /** Keeps the session for the next job. */
  leave(key: string, left: IdleSession): void;
  /** The session was closed, or never opened. */
  release(state: SessionState): void;
}

/** Longer than the second between two addresses of a site, and shorter than any server's idle timeout. */
const IDLE_MS = 5000;
const GOODBYE_MS = 2000;
/** For all sites, whatever the limits are. */
const MAX_SESSIONS = 50;

interface Entry {
  readonly key: string;
  readonly site: string;
  readonly left: IdleSession;
  readonly timer: NodeJS.Timeout;
  /** Resolves when its connection is closed. Null while it is idle. */
  ended: Promise<void> | null;
}

/** Latest last. */
let idle: Entry[] = [];
/** No longer idle, but its connection is still open. */
const leaving = new Set<Entry>();
/** The site of each session that a run uses or opens. */
const inUse = new Map<SessionState, string>();

onShutdown(async () => {
  await Promise.all([...leaving, ...idle].map(end));
});

export function sessionCache({ recorder, deadline, secrets, targets }: RunState, { all, eachKey, keys }: Limits): SessionCache {
  return {
    async newState(site) {
      const state = new SessionState(secrets, targets);
      state.use(recorder, deadline);
      inUse.set(state, site);
      const perSite = (keys[site] ?? eachKey)?.atOnce ?? MAX_SESSIONS;
      await makeRoom((entry) => entry.site === site, [...inUse.values()].filter((each) => each === site).length, perSite);
      await makeRoom(() => true, inUse.size, Math.min(all?.atOnce ?? MAX_SESSIONS, MAX_SESSIONS));
      return state;
    },
    take(key) {
      for (let found = last(key); found !== undefined; found = last(key)) {
        const { left, site } = remove(found);
        clearTimeout(found.timer);
        if (!isUsable(left)) {
          left.session.close();
          left.state.end();
          continue;
        }
        inUse.set(left.state, site);
        left.state.use(recorder, deadline);
        recorder.connected(left.ipAddress, left.connectedAt);
        return left;
      }
      return null;
    },
    leave(key, left) {
      const site = inUse.get(left.state) ?? "";
      inUse.delete(left.state);
      left.state.letGo();
      const entry: Entry = { key, site, left, timer: setTimeout(() => void end(entry), IDLE_MS), ended: null };
      idle.push(entry);
      if (idle.length > MAX_SESSIONS) void end(idle[0] as Entry);
    },
    release(state) {
      inUse.delete(state);
      state.end();
    },
  };
}

/** Closes the oldest idle sessions until no more than `most` connections are open, including idle ones. */
async function makeRoom(isCounted: (entry: Entry) => boolean, used: number, most: number): Promise<void> {
  const counted = [...leaving, ...idle].filter(isCounted);
  await Promise.all(counted.slice(0, Math.max(0, used + counted.length - most)).map(end));
}

function last(key: string): Entry | undefined {
  return idle.findLast((each) => each.key === key);
}

function remove(entry: Entry): Entry {
  idle = idle.filter((each) => each !== entry);
  return entry;
}

/** False if the connection broke while idle, or the server closed the session. */
function isUsable({ session }: IdleSession): boolean {
  return !session.connection.hasEnded && session.farewell === null;
}

function end(entry: Entry): Promise<void> {
  entry.ended ??= leaveAndClose(entry).finally(() => leaving.delete(entry));
  return entry.ended;
}

async function leaveAndClose(entry: Entry): Promise<void> {
  const { session, state } = remove(entry).left;
  leaving.add(entry);
  clearTimeout(entry.timer);
  const goodbye = leave(session);
  if (session.connection.broken === null) session.connection.waitAtMost(GOODBYE_MS);
  await goodbye;
  state.end();
}
