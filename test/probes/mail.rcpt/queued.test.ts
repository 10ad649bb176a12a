import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadProbe } from "../../../runner/harness/registry.js";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { LeasedMessage, Outcome, SettleAnswer } from "../../../runner/queue/backend.js";
import { execute } from "../../../runner/queue/execute.js";
import type { JobOptions } from "../../../runner/queue/job.js";
import { openQueue, type Queue } from "../../../runner/queue/queue.js";
import { Cancellation } from "../../../runner/run/cancellation.js";
import { runShutdownHooks } from "../../../runner/support/shutdown-hooks.js";
import { knowsThree, type MailboxServer, startMailboxServer } from "../../support/mailbox-server.js";
import { type RcptOutput, rcptInput } from "../../support/rcpt-behaviours.js";

const MINUTE_MS = 60_000;
const PATIENT: JobOptions = { retryFailures: true, maxAttempts: 3, backoffMs: 1, backoffMostMs: 2 };

let folder: string;
let queue: Queue;
let server: MailboxServer;
/** What the server says of each address just now; of others whether it knows them. */
let says: Record<string, string>;

beforeEach(async () => {
  says = {};
  folder = await mkdtemp(join(tmpdir(), "probe-run-rcpt-queued-"));
  queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
  server = await startMailboxServer({ answer: (address) => says[address] ?? knowsThree(address) });
});
afterEach(async () => {
  await runShutdownHooks();
  await queue.close();
  await server.close();
  await rm(folder, { recursive: true });
});

const enqueue = (emails: string[], options: JobOptions = PATIENT) => queue.enqueue("mail.rcpt", { ...rcptInput(server.port), emails }, options);

/** Runs the job once, as a worker does, and puts it back: a test does not wait for a quarter of an hour. */
async function runOnce(): Promise<{ outcome: Outcome; output: RcptOutput; asked: string[] }> {
  // A session may be left open for the next run.
  const before = server.connections.map((lines) => lines.length);
  const [leased] = await queue.jobs.claim({ max: 1, leaseMs: 30_000, waitMs: 1000, limits: NO_LIMITS });
  const saveState = async (of: LeasedMessage, state: string) => (await queue.jobs.saveState([{ message: of, state }]))[0] as SettleAnswer;
  const means = { probes: { get: loadProbe }, mayResolve: () => true, targets: null, saveState };
  const { outcome, report } = await execute(leased as LeasedMessage, means, new Cancellation());
  await queue.jobs.settle([{ message: leased as LeasedMessage, outcome: { kind: "release" } }]);
  const lines = server.connections.flatMap((all, index) => all.slice(before[index] ?? 0));
  return { outcome, output: report?.carried as unknown as RcptOutput, asked: lines.flatMap((line) => /^RCPT TO:<([^.]*@.*)>/.exec(line)?.[1] ?? []) };
}

const GREYLISTED = "450 4.2.0 Greylisted, please try again in 7 minutes";
const verdicts = ({ results }: RcptOutput) => Object.fromEntries(results.map(({ email, verdict }) => [email.split("@")[0], verdict]));

describe("a job with greylisted addresses", () => {
  test("is retried at the time that the server named, even if the queue's back-off is shorter", async () => {
    says = { "ada@example.org": GREYLISTED };
    await enqueue(["ada@example.org"]);
    const { outcome } = await runOnce();
    expect(outcome).toMatchObject({ kind: "retry", afterMs: expect.closeTo(7 * MINUTE_MS, -2) });
  });

  test("is not retried if failures count as results", async () => {
    says = { "ada@example.org": GREYLISTED };
    await enqueue(["ada@example.org"], { retryFailures: false });
    expect((await runOnce()).outcome).toMatchObject({ kind: "done" });
  });

  test("asks only about open addresses, and its last result contains all", async () => {
    says = { "bob@example.org": GREYLISTED };
    await enqueue(["ada@example.org", "bob@example.org", "zed@example.org", "no address"]);
    const first = await runOnce();
    expect(first.outcome.kind).toBe("retry");
    expect(first.asked).toEqual(["ada@example.org", "bob@example.org", "zed@example.org"]);
    says = {};
    const second = await runOnce();
    expect(second.asked).toEqual(["bob@example.org"]);
    expect(second.outcome.kind).toBe("done");
    expect(verdicts(second.output)).toEqual({ ada: "valid", bob: "valid", zed: "invalid", "no address": "invalid" });
    expect(second.output.domains).toMatchObject([{ domain: "example.org", catch_all: { verdict: "no", asked: true } }]);
    expect(second.output.failure).toMatchObject({ retryable: false, message: expect.stringContaining("2 of 4 addresses are not accepted") });
  });

  test("does not ask about an address before it is due", async () => {
    says = { "bob@example.org": GREYLISTED, "cem@example.org": "450 4.2.0 Greylisted, try again in 2 hours" };
    await enqueue(["ada@example.org", "bob@example.org", "cem@example.org"]);
    expect((await runOnce()).outcome).toMatchObject({ kind: "retry", afterMs: expect.closeTo(7 * MINUTE_MS, -2) });
    says = {};
    const second = await runOnce();
    expect(second.asked).toEqual(["bob@example.org"]);
    expect(second.outcome).toMatchObject({ kind: "retry", afterMs: expect.closeTo(120 * MINUTE_MS, -4) });
    expect(verdicts(second.output)).toEqual({ ada: "valid", bob: "valid", cem: "unknown" });
    const third = await runOnce();
    expect(third.asked).toEqual(["cem@example.org"]);
    expect(third.outcome.kind).toBe("done");
    expect(verdicts(third.output)).toEqual({ ada: "valid", bob: "valid", cem: "valid" });
  });
});

test("a rate counts addresses, not jobs", async () => {
  const emails = Array.from({ length: 4 }, (_, index) => `nobody${index}@example.org`);
  await enqueue(emails, { key: "site" });
  await enqueue(["ada@example.org"], { key: "site" });
  const claimed = { max: 5, leaseMs: 30_000, limits: { ...NO_LIMITS, eachKey: { atOnce: null, rate: { perSecond: 5, burst: 1 } } } };
  expect(await queue.jobs.claim({ ...claimed, waitMs: 0 })).toHaveLength(1);
  const began = performance.now();
  expect(await queue.jobs.claim({ ...claimed, waitMs: 3000 })).toHaveLength(1);
  // Four tokens.
  expect(performance.now() - began).toBeGreaterThan(600);
});

test("of more results than a job may store, those that fit are stored, and the others are asked for again", async () => {
  const emails = Array.from({ length: 900 }, (_, index) => `nobody${index}@example.org`);
  says = { "nobody0@example.org": GREYLISTED };
  await enqueue(emails);
  expect((await runOnce()).outcome.kind).toBe("retry");
  says = {};
  const { asked, output, outcome } = await runOnce();
  expect(outcome.kind).toBe("done");
  expect(asked.length).toBeGreaterThan(100);
  expect(asked.length).toBeLessThan(700);
  expect(new Set(output.results.map(({ verdict }) => verdict))).toEqual(new Set(["invalid"]));
});
