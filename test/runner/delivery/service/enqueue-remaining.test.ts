import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createWorker } from "../../../../runner/queue/create-worker.js";
import { openQueue, type Queue } from "../../../../runner/queue/queue.js";
import { QueueError } from "../../../../runner/queue/queue-error.js";
import { closeAfterEach, internet, mail, service } from "../../../support/delivery.js";
import { rsaKey } from "../../../support/dkim-keys.js";

let folder: string;
let queue: Queue;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-hand-over-"));
  queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
});
closeAfterEach();
afterEach(async () => {
  await queue.close();
  await rm(folder, { recursive: true });
});

test("recipients with a temporary failure continue in a queue, with the same bytes", async () => {
  const asked: string[] = [];
  const rcpt = (address: string): string => {
    asked.push(address);
    return address.startsWith("bob") && asked.filter((each) => each === address).length === 1 ? "450 4.2.0 greylisted" : "250 ok";
  };
  const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt }] });
  const { domain, selector, privateKey } = rsaKey("sender.example");
  const delivery = service(net, { queue, retry: { first_ms: 50 }, dkim: [{ domain, selector, private_key: privateKey }] });
  const report = await delivery.send(mail(["ada@one.example", "bob@one.example"], { priority: "HIGH" }));
  expect(report.recipients.map(({ outcome, next }) => [outcome, next])).toEqual([
    ["delivered", "nothing"],
    ["queued", "will_be_tried"],
  ]);
  expect(await queue.jobs.counts()).toMatchObject({ done: 0 });
  await (await createWorker(queue, { drain: true })).run();
  const [first, second] = net.host("mx").messages;
  expect(second?.to).toEqual(["bob@one.example"]);
  expect(second?.text).toBe(first?.text);
  expect(second?.text).toMatch(/^DKIM-Signature:/);
  expect(asked).toEqual(["ada@one.example", "bob@one.example", "bob@one.example"]);
});

test("delivered and permanently refused recipients are not enqueued", async () => {
  const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt: (address) => (address.startsWith("bob") ? "550 5.1.1 unknown" : "250 ok") }] });
  await service(net, { queue }).send(mail(["ada@one.example", "bob@one.example"]));
  expect(await queue.jobs.counts()).toMatchObject({ waiting: 0, delayed: 0 });
});

test("a queue that stores a job and then fails is retried, and has the job once", async () => {
  const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt: () => "450 4.2.0 greylisted" }] });
  const channel = queue.jobs;
  const push = channel.push.bind(channel);
  let answers = 0;
  channel.push = async (messages) => {
    const pushed = await push(messages);
    answers += 1;
    if (answers === 1) throw new QueueError("failed", "the answer was lost");
    return pushed;
  };
  const { recipients } = await service(net, { queue }).send(mail("bob@one.example"));
  expect(recipients.map(({ outcome }) => outcome)).toEqual(["queued"]);
  expect({ answers, ...(await channel.counts()) }).toMatchObject({ answers: 2, delayed: 1 });
});

test("if the queue fails, the report is still returned, and no recipient is reported as queued", async () => {
  const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt: (address) => (address.startsWith("bob") ? "450 4.2.0 greylisted" : "250 ok") }] });
  const troubles: unknown[] = [];
  const delivery = service(net, { queue, onTrouble: (error) => void troubles.push(error) });
  await queue.close();
  const report = await delivery.send(mail(["ada@one.example", "bob@one.example"]));
  expect(report.recipients.map(({ outcome, next }) => [outcome, next])).toEqual([
    ["delivered", "nothing"],
    ["failed", "may_be_tried"],
  ]);
  expect(troubles).toHaveLength(1);
  expect(delivery.stats().recipients).toMatchObject({ delivered: 1, failed: 1, queued: 0 });
});

test("a password that is not a reference is not enqueued", async () => {
  const net = await internet("", { mx: ["127.0.0.11", { mail: () => "451 4.3.0 later" }] });
  const relays = [
    { host: "127.0.0.11", port: net.port, tls: { mode: "none" as const }, auth: { username: "ada", password: "correct-horse", allow_plaintext: true } },
  ];
  await expect(service(net, { mode: "relay", relays, queue }).send(mail("bob@one.example"))).rejects.toThrow("secret in plain text");
  expect(net.host("mx").connections).toEqual([]);
});
