import { afterEach, beforeEach, expect, test } from "vitest";
import { type Limits, NO_LIMITS } from "../../../runner/limits/limits.js";
import { type SessionCache, sessionCache } from "../../../runner/mail-sites/session-cache.js";
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
const cacheWith = (limits: Limits): SessionCache => sessionCache(testRun(60_000).state, limits);

/** Opens a session to the site as a job does. The result leaves it for the next job. */
async function opened(cache: SessionCache, site: string, key: string): Promise<() => void> {
  const state = await cache.newState(site);
  const run = testRun();
  const session = await greetedSession({ ...run, context: { ...run.context, ...state.context } }, server);
  const place = { host: "mx.example.org", ipAddress: server.host, port: server.port, helloName: "probe.example.org", tls: "none" } as const;
  return () => cache.leave(key, { session, state, ...place, asked: 1, dialledAt: 0, connectedAt: 0 });
}

/** Takes the session, and ends it. */
function isKept(cache: SessionCache, key: string): boolean {
  const taken = cache.take(key);
  taken?.session.close();
  if (taken !== null) cache.release(taken.state);
  return taken !== null;
}

const openAtServer = (): number => server.connections.filter((lines) => lines.at(-1) !== "QUIT").length;

test("no more than fifty sessions are kept, the latest ones", async () => {
  const cache = cacheWith(NO_LIMITS);
  // All are open at first, so none is ended to make room for another.
  const all = await Promise.all(Array.from({ length: 60 }, (_, index) => opened(cache, `site${index}`, `key${index}`)));
  for (const leave of all) leave();
  await expect.poll(openAtServer).toBe(50);
  expect([0, 9, 10, 59].map((index) => isKept(cache, `key${index}`))).toEqual([false, false, true, true]);
});

test("an idle session counts against the limit of its site, and is ended with QUIT before another is opened", async () => {
  const cache = cacheWith(atOnce(null, 2));
  for (let index = 0; index < 8; index++) (await opened(cache, "one", `key${index}`))();
  (await opened(cache, "two", "other"))();
  expect(server.mostAtOnce).toBe(3);
  expect(openAtServer()).toBe(3);
  expect(["key5", "key6", "key7", "other"].map((key) => isKept(cache, key))).toEqual([false, true, true, true]);
});

test("idle sessions and those in use together stay within the limit of all sites", async () => {
  const cache = cacheWith(atOnce(4, null));
  const leaveLater = [await opened(cache, "a", "a"), await opened(cache, "b", "b")];
  for (let index = 0; index < 6; index++) (await opened(cache, `site${index}`, `key${index}`))();
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
  const cache = cacheWith(atOnce(null, 2));
  try {
    (await opened(cache, "one", "first"))();
    (await opened(cache, "one", "second"))();
    const made: string[] = [];
    const make = async (name: string): Promise<SessionState> => {
      const state = await cache.newState("one");
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
    for (const state of await Promise.all([third, fourth])) cache.release(state);
  } finally {
    sayGoodbye();
    await runShutdownHooks();
    await slow.close();
    server = usual;
  }
});

test("a session that was released leaves its place to others", async () => {
  const cache = cacheWith(atOnce(null, 2));
  for (let index = 0; index < 5; index++) cache.release(await cache.newState("one"));
  (await opened(cache, "one", "first"))();
  (await opened(cache, "one", "second"))();
  expect(["first", "second"].map((key) => isKept(cache, key))).toEqual([true, true]);
});
