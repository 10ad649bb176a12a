import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { newest } from "../../../probes/mail.deliver/schema.js";
import { loadProbe } from "../../../runner/harness/registry.js";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { LeasedMessage, Outcome, SettleAnswer } from "../../../runner/queue/backend.js";
import { createWorker } from "../../../runner/queue/create-worker.js";
import { execute } from "../../../runner/queue/execute.js";
import { openQueue, type Queue } from "../../../runner/queue/queue.js";
import { Cancellation } from "../../../runner/run/cancellation.js";
import type { FilledOf } from "../../../schemas/contract.js";
import { closeAfterEach, inside, internet } from "../../support/delivery.js";
import type { FakeInternet } from "../../support/fake-internet.js";

type DeliverOutput = FilledOf<(typeof newest)["output"]>;

let folder: string;
let queue: Queue;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-deliver-queued-"));
  queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
});
closeAfterEach();
afterEach(async () => {
  await queue.close();
  await rm(folder, { recursive: true });
});

function enqueue(net: FakeInternet, recipients: readonly string[], more: Record<string, unknown> = {}) {
  return queue.enqueue("mail.deliver", {
    ...inside(net),
    mail_from: "ada@sender.example",
    recipients: [...recipients],
    fields: { subject: "Hello", text: "Hello." },
    ...more,
  });
}

interface Ran {
  readonly outcome: Outcome;
  readonly output: DeliverOutput;
}

/** Runs the job once, as a worker does, and puts it back as it is: a test does not wait for five minutes. */
async function runOnce(cancellation = new Cancellation()): Promise<Ran> {
  const [leased] = (await queue.jobs.claim({ max: 1, leaseMs: 30_000, waitMs: 1000, limits: NO_LIMITS })) as [LeasedMessage];
  const saveState = async (of: LeasedMessage, state: string) => (await queue.jobs.saveState([{ message: of, state }]))[0] as SettleAnswer;
  const { outcome, report } = await execute(leased, { probes: { get: loadProbe }, mayResolve: () => true, targets: null, saveState }, cancellation);
  await queue.jobs.settle([{ message: leased, outcome: { kind: "release" } }]);
  return { outcome, output: report?.carried as unknown as DeliverOutput };
}

const outcomes = ({ output }: Ran): string[] => output.recipients.map(({ outcome }) => outcome);

describe("a job", () => {
  test("makes its last attempt at its deadline, not one delay later", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt: () => "450 4.2.0 greylisted" }] });
    await enqueue(net, ["bob@one.example"], { retry: { first_ms: 600_000, give_up_after_ms: 60_000 } });
    const [recipient] = (await runOnce()).output.recipients;
    expect(recipient).toMatchObject({ outcome: "queued", next_try_at: recipient?.gives_up_at });
  });

  test("sends one copy to a mailbox that is listed twice", async () => {
    let isLate = true;
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt: () => (isLate ? "450 4.2.0 greylisted" : "250 ok"), end: () => null }] });
    await enqueue(net, ["bob@one.example", "bob@ONE.example"], { retry: { first_ms: 1, most_ms: 1 } });
    expect(outcomes(await runOnce())).toEqual(["queued", "queued"]);
    isLate = false;
    expect(outcomes(await runOnce())).toEqual(["unknown", "unknown"]);
    expect(net.host("mx").messages.map(({ to }) => to)).toEqual([["bob@one.example"]]);
  });

  test("retries recipients with a temporary failure, and sends no message twice", async () => {
    let isLate = true;
    const rcpt = (address: string): string =>
      address.startsWith("bob") && isLate ? "450 4.2.0 greylisted" : address.startsWith("cem") ? "550 5.1.1 unknown" : "250 ok";
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt }] });
    await enqueue(net, ["ada@one.example", "bob@one.example", "cem@one.example"], { retry: { first_ms: 400_000 } });
    const first = await runOnce();
    expect(outcomes(first)).toEqual(["delivered", "queued", "bounced"]);
    expect(first.output).toMatchObject({ status: "error", recipients: [{}, { next: "will_be_tried", tries: 1, failure: { retryable: true } }, {}] });
    expect(first.outcome).toMatchObject({ kind: "later" });
    const { next_try_at: at, gives_up_at: end } = first.output.recipients[1] as DeliverOutput["recipients"][number];
    expect(Date.parse(at as string) - Date.now()).toBeGreaterThan(300_000);
    expect(Date.parse(at as string) - Date.now()).toBeLessThan(500_000);
    expect(Date.parse(end as string) - Date.now()).toBeGreaterThan(431_000_000);
    isLate = false;
    const second = await runOnce();
    expect(outcomes(second)).toEqual(["delivered", "delivered", "bounced"]);
    expect(second.output.recipients.map(({ tries }) => tries)).toEqual([1, 2, 1]);
    expect(second.outcome.kind).toBe("done");
    expect(net.host("mx").messages.map(({ to }) => to)).toEqual([["ada@one.example"], ["bob@one.example"]]);
    const [one, two] = net.host("mx").messages;
    expect(one?.text).toBe(two?.text);
  });

  test("bounces the message after give_up_after_ms", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt: () => "450 4.2.0 Greylisted" }] });
    await enqueue(net, ["ada@one.example"], { retry: { first_ms: 100_000, give_up_after_ms: 500 } });
    expect(outcomes(await runOnce())).toEqual(["queued"]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    const last = await runOnce();
    expect(outcomes(last)).toEqual(["bounced"]);
    expect(last.output.recipients[0]).toMatchObject({ tries: 2, class: "greylist", next: "may_be_tried" });
    expect(last.outcome.kind).toBe("done");
  });

  test("waits as long as the server asks for", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt: () => "450 4.2.0 try again in 30 minutes" }] });
    await enqueue(net, ["ada@one.example"], { retry: { first_ms: 1000 } });
    const { outcome } = await runOnce();
    expect(outcome).toMatchObject({ kind: "later", afterMs: expect.closeTo(30 * 60_000, -4) });
  });

  test("does not retry recipients that are not due yet", async () => {
    const rcpt = (address: string): string => (address.startsWith("slow") ? "450 4.2.0 try again in 30 minutes" : "450 4.2.0 later");
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt }] });
    await enqueue(net, ["slow@one.example", "soon@one.example"], { retry: { first_ms: 1000 } });
    await runOnce();
    const second = await runOnce();
    expect(second.output.recipients.map(({ tries, outcome }) => [tries, outcome])).toEqual([
      [1, "queued"],
      [2, "queued"],
    ]);
  });

  test("that was killed after the final dot reports unknown, and does not send the message again", async () => {
    const net = await internet("one MX 10 mx\ntwo MX 10 other", { mx: ["127.0.0.11", { silentAt: "dot" }], other: ["127.0.0.12", {}] });
    await enqueue(net, ["ada@one.example", "bob@two.example"]);
    const [leased] = (await queue.jobs.claim({ max: 1, leaseMs: 30_000, waitMs: 1000, limits: NO_LIMITS })) as [LeasedMessage];
    // A process that is killed stores nothing more: from then on this one stores nothing.
    let isAlive = true;
    const saveState = async (of: LeasedMessage, state: string): Promise<SettleAnswer> =>
      isAlive ? ((await queue.jobs.saveState([{ message: of, state }]))[0] as SettleAnswer) : "stored";
    const killing = new Cancellation();
    const running = execute(leased, { probes: { get: loadProbe }, mayResolve: () => true, targets: null, saveState }, killing);
    await expect.poll(() => net.host("mx").messages.length + net.host("other").messages.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    isAlive = false;
    killing.cancel();
    await running;
    await queue.jobs.settle([{ message: leased, outcome: { kind: "release" } }]);
    const after = await runOnce();
    expect(outcomes(after)).toEqual(["unknown", "delivered"]);
    expect(after.output.recipients[0]).toMatchObject({ next: "ask_the_recipient", message: expect.stringContaining("earlier run") });
    expect(after.outcome.kind).toBe("done");
    expect(net.host("mx").messages).toHaveLength(1);
    expect(net.host("other").messages).toHaveLength(1);
  });

  test("that another worker has taken over sends nothing", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", {}] });
    await enqueue(net, ["ada@one.example"]);
    const [leased] = (await queue.jobs.claim({ max: 1, leaseMs: 30_000, waitMs: 1000, limits: NO_LIMITS })) as [LeasedMessage];
    const saveState = async (): Promise<SettleAnswer> => "lost";
    await execute(leased, { probes: { get: loadProbe }, mayResolve: () => true, targets: null, saveState }, new Cancellation());
    expect(net.host("mx").messages).toEqual([]);
  });

  test("with a thousand recipients stores less than the limit of a job's state", async () => {
    const rcpt = (address: string): string => (address.startsWith("r7") ? "450 4.2.0 later" : "250 ok");
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt }] });
    const recipients = Array.from({ length: 1000 }, (_, index) => `r${index}@one.example`);
    await enqueue(net, recipients);
    const first = await runOnce();
    expect(first.output.recipients.filter(({ outcome }) => outcome === "queued")).toHaveLength(111);
    const second = await runOnce();
    expect(second.output.recipients.filter(({ outcome }) => outcome === "delivered")).toHaveLength(889);
    expect(net.host("mx").messages.flatMap(({ to }) => to)).toHaveLength(889);
  });
});

describe("a job that gets no turn at a busy site", () => {
  test("releases its worker, is reported as postponed, and counts no attempt", { timeout: 30_000 }, async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { silentAt: "greeting" }] });
    const patient = { limits: { sessions_per_site: 1 }, command_timeout_ms: 9000, timeout_ms: 20_000 };
    await enqueue(net, ["first@one.example"], patient);
    await enqueue(net, ["second@one.example"], patient);
    const [first, second] = await Promise.all([runOnce(), runOnce()]);
    const limited = [first, second].find(({ output }) => output.recipients[0]?.class === "rate") as Ran;
    expect(limited.output.recipients[0]).toMatchObject({ outcome: "queued", tries: 0, said_by: "us", next: "will_be_tried" });
    expect(limited.outcome).toMatchObject({ kind: "later" });
    expect((limited.outcome as { afterMs: number }).afterMs).toBeLessThan(11_000);
  });
});

describe("workers", () => {
  test("deliver a queue of messages to greylisting hosts", async () => {
    const seen = new Map<string, number>();
    const rcpt = (address: string): string => {
      seen.set(address, (seen.get(address) ?? 0) + 1);
      return (seen.get(address) ?? 0) < 2 ? "450 4.2.0 greylisted" : "250 ok";
    };
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt }] });
    for (let index = 0; index < 30; index++) await enqueue(net, [`r${index}@one.example`], { retry: { first_ms: 50 } });
    const worker = await createWorker(queue, { drain: true, concurrency: 10 });
    await worker.run();
    expect(
      net
        .host("mx")
        .messages.flatMap(({ to }) => to)
        .sort(),
    ).toEqual([...seen.keys()].sort());
    expect(net.host("mx").connections.length).toBeLessThan(30);
    await expect.poll(() => net.host("mx").openSockets, { timeout: 5000 }).toBe(0);
  });
});
