import { leave } from "../net/smtp/leave.js";
import type { SmtpSession } from "../net/smtp/session.js";
import { SessionState } from "../net/smtp/session-state.js";
import type { RunState } from "../run/run-state.js";
import { endsWithTheLastRun } from "../support/shutdown-hooks.js";

/** A session that a job has left open for the next one that goes to the same place. */
export interface IdleSession {
  readonly session: SmtpSession;
  readonly state: SessionState;
  readonly host: string;
  readonly ipAddress: string;
  readonly port: number;
  readonly helloName: string;
  readonly tls: "none" | "secured" | "refused" | "failed";
  /** How many addresses it was asked for. */
  readonly asked: number;
  /** On the monotonic clock. */
  readonly dialledAt: number;
  readonly connectedAt: number;
}

/** Between the jobs of a queue, sessions stay open for a moment: many jobs of one site are one connection. */
export interface SessionCache {
  /** For a session that may outlive this run. */
  newState(): SessionState;
  /** The key says everything in which two sessions may differ. Null when nobody has left one. */
  take(key: string): IdleSession | null;
  leave(key: string, left: IdleSession): void;
}

/** Longer than the second that lies between two questions to a site, and shorter than what a server minds. */
const LINGER_MS = 5000;
const GOODBYE_MS = 2000;
const MOST_IN_ALL = 50;

interface Waiting {
  readonly key: string;
  readonly left: IdleSession;
  readonly timer: NodeJS.Timeout;
}

/** The last one that came stands at the end. */
let waiting: Waiting[] = [];

endsWithTheLastRun(async () => {
  await Promise.all(waiting.splice(0).map(sendAway));
});

export function sessionCache({ recorder, deadline, secrets }: RunState): SessionCache {
  return {
    newState() {
      const state = new SessionState(secrets);
      state.use(recorder, deadline);
      return state;
    },
    take(key) {
      for (let found = last(key); found !== undefined; found = last(key)) {
        forget(found);
        const { left } = found;
        if (!isUsable(left)) {
          left.session.close();
          continue;
        }
        left.state.use(recorder, deadline);
        recorder.connected(left.ipAddress, left.connectedAt);
        return left;
      }
      return null;
    },
    leave(key, left) {
      left.state.letGo();
      const entry: Waiting = { key, left, timer: setTimeout(() => void sendAway(forget(entry)), LINGER_MS) };
      waiting.push(entry);
      const oldest = waiting[0] as Waiting;
      if (waiting.length > MOST_IN_ALL) void sendAway(forget(oldest));
    },
  };
}

function last(key: string): Waiting | undefined {
  return waiting.findLast((each) => each.key === key);
}

function forget(entry: Waiting): Waiting {
  waiting = waiting.filter((each) => each !== entry);
  return entry;
}

/** It broke while nobody used it, or the server has said goodbye. */
function isUsable({ session }: IdleSession): boolean {
  return session.connection.broken === null && session.farewell === null;
}

async function sendAway({ left: { session, state }, timer }: Waiting): Promise<void> {
  clearTimeout(timer);
  const leaving = leave(session);
  if (session.connection.broken === null) session.connection.waitAtMost(GOODBYE_MS);
  await leaving;
  state.letGo();
}
