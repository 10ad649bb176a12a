import { afterEach, beforeEach, expect, test } from "vitest";
import { type Limits, NO_LIMITS } from "../../../runner/limits/limits.js";
import { type JobSessions, jobSessions } from "../../../runner/mail-sites/job-sessions.js";
import { PooledSession } from "../../../runner/mail-sites/pooled-session.js";
import type { SessionState } from "../../../runner/net/smtp/session-state.js";
import { runShutdownHooks } from "../../../runner/support/shutdown-hooks.js";
import { knowsThree, type MailboxServer, startMailboxServer } from "../../support/mailbox-server.js";
import { greetedSession, testRun } from "../../support/smtp-context.js";

let server: MailboxServer;
beforeEach(async () => {
  server = await startMailboxServer({ answer: knowsThree });
});
afterEach(async () => {
  await runShutdownHooks();
  await server.close();
});

const atOnce = (all: number | null, eachKey: number | null): Limits => ({
  ...NO_LIMITS,
  all: { atOnce: all, rate: null },
  eachKey: { atOnce: eachKey, rate: null },
});
const sessionsWith = (limits: Limits): JobSessions => jobSessions(testRun(60_000).state, limits);

/** Opens a session to the site as a job does. The result leaves it for the next job. */
async function opened(sessions: JobSessions, site: string, key: string): Promise<() => void> {
  const state = await sessions.newState(site);
  const run = testRun();
  const session = await greetedSession({ ...run, context: { ...run.context, ...state.context } }, server);
  const endpoint = { host: "mx.example.org", ipAddress: server.host, port: server.port };
  const pooled = new PooledSession(session, state, endpoint, key, "probe.example.org", "none", { at: 0, connectedAt: 0 });
  return () => sessions.keep(pooled);
}

/** Takes the session, and ends it. */
function isKept(sessions: JobSessions, site: string, key: string): boolean {
  const taken = sessions.take(site, key);
  taken?.session.close();
  if (taken !== null) sessions.release(taken.state as SessionState);
  return taken !== null;
}

const openAtServer = (): number => server.connections.filter((lines) => lines.at(-1) !== "QUIT").length;

test("no more than fifty sessions are kept, the latest ones", async () => {
  const sessions = sessionsWith(NO_LIMITS);
  // All are open at first, so none is ended to make room for another.
  const all = await Promise.all(Array.from({ length: 60 }, (_, index) => opened(sessions, `site${index}`, `key${index}`)));
  for (const leave of all) leave();
  await expect.poll(openAtServer).toBe(50);
  expect([0, 9, 10, 59].map((index) => isKept(sessions, `site${index}`, `key${index}`))).toEqual([false, false, true, true]);
});

test("an idle session counts against the limit of its site, and is ended with QUIT before another is opened", async () => {
  const sessions = sessionsWith(atOnce(null, 2));
  for (let index = 0; index < 8; index++) (await opened(sessions, "one", `key${index}`))();
  (await opened(sessions, "two", "other"))();
  expect(server.mostAtOnce).toBe(3);
  expect(openAtServer()).toBe(3);
  expect(["key5", "key6", "key7"].map((key) => isKept(sessions, "one", key))).toEqual([false, true, true]);
  expect(isKept(sessions, "two", "other")).toBe(true);
});

test("idle sessions and those in use together stay within the limit of all sites", async () => {
  const sessions = sessionsWith(atOnce(4, null));
  const leaveLater = [await opened(sessions, "a", "a"), await opened(sessions, "b", "b")];
  for (let index = 0; index < 6; index++) (await opened(sessions, `site${index}`, `key${index}`))();
  expect(server.mostAtOnce).toBe(4);
  for (const leave of leaveLater) leave();
});

test("a session that is about to close counts until its connection is closed", async () => {
  let sayGoodbye = (): void => {};
  const goodbye = new Promise<void>((resolve) => {
    sayGoodbye = resolve;
  });
  const slow = await startMailboxServer({ answer: knowsThree, beforeGoodbye: (connection) => (connection === 0 ? goodbye : Promise.resolve()) });
  const usual = server;
  server = slow;
  const sessions = sessionsWith(atOnce(null, 2));
  try {
    (await opened(sessions, "one", "first"))();
    (await opened(sessions, "one", "second"))();
    const made: string[] = [];
    const make = async (name: string): Promise<SessionState> => {
      const state = await sessions.newState("one");
      made.push(name);
      return state;
    };
    const third = make("third");
    const fourth = make("fourth");
    // The second session has closed by then, and the first is still open.
    await expect.poll(() => slow.connections.map((lines) => lines.at(-1))).toEqual(["QUIT", "QUIT"]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(made).toEqual([]);
    sayGoodbye();
    for (const state of await Promise.all([third, fourth])) sessions.release(state);
  } finally {
    sayGoodbye();
    await runShutdownHooks();
    await slow.close();
    server = usual;
  }
});

test("a session that was released leaves its place to others", async () => {
  const sessions = sessionsWith(atOnce(null, 2));
  for (let index = 0; index < 5; index++) sessions.release(await sessions.newState("one"));
  (await opened(sessions, "one", "first"))();
  (await opened(sessions, "one", "second"))();
  expect(["first", "second"].map((key) => isKept(sessions, "one", key))).toEqual([true, true]);
});
