import { afterEach, expect, test } from "vitest";
import { History } from "../../../runner/history/history.js";
import { LocalHistory } from "../../../runner/history/history-client.js";
import { IN_MEMORY } from "../../../runner/sqlite/store-path.js";
import { HistoryHealth } from "../../../runner/watch/history-health.js";
import type { Receiver } from "../../../runner/watch/receivers/receiver.js";
import { openLines, Sender } from "../../../runner/watch/sender.js";
import { SECRET, startReceiver } from "./watching.js";

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const receiverOf = (to: string): Receiver => ({ key: "r", kind: "webhook", to, on: new Set(), remindMs: null, waitMs: 0, most: 1 });

async function started(answer?: (count: number) => number, attemptsBefore = 0) {
  const receiver = await startReceiver(answer);
  const history = new History(IN_MEMORY);
  const client = new LocalHistory(history, () => undefined);
  const troubles: string[] = [];
  const lines = await openLines([receiverOf(receiver.url)], { PROBE_RUN_WEBHOOK_SECRET: SECRET });
  const onTrouble = (message: string): void => void troubles.push(message);
  const health = new HistoryHealth(onTrouble);
  const sender = new Sender(lines, client, { onTrouble, onOutboxTrouble: (error) => health.failed(error, 0), openIncidents: () => [], shared: null });
  closing.push(
    receiver.close,
    () => client.close(),
    () => sender.close(),
  );
  const add = (id: string): void => {
    history.outbox.add([{ id, receiver: "r", body: JSON.stringify({ id }) }], Date.now());
    history.driver.exec(`UPDATE outbox SET attempt = ${attemptsBefore}`);
  };
  return { receiver, history, sender, troubles, add };
}

const POLLING = { timeout: 10_000 };

test("hands on what waits, in order, and once", async () => {
  const { receiver, history, sender, add } = await started();
  for (const id of ["a", "b", "c"]) add(id);
  sender.wake();
  await expect.poll(() => history.outbox.waiting(), POLLING).toBe(0);
  expect(receiver.attempts).toEqual(["a", "b", "c"]);
});

test("while the outbox cannot be written, what was taken is not sent again and again", async () => {
  const { receiver, history, sender, troubles, add } = await started();
  add("a");
  history.driver.exec("PRAGMA query_only = ON");
  sender.wake();
  await expect.poll(() => troubles.length, POLLING).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(receiver.attempts).toEqual(["a"]);
  expect(troubles).toHaveLength(1);
  history.driver.exec("PRAGMA query_only = OFF");
  await expect.poll(() => history.outbox.waiting(), POLLING).toBe(0);
  expect(receiver.attempts).toEqual(["a"]);
});

test("what could not be stored is sent from memory", async () => {
  const { receiver, sender } = await started((count) => (count === 1 ? 503 : 200));
  sender.keepUnsaved([{ id: "lost", receiver: "r", body: JSON.stringify({ id: "lost" }) }]);
  await expect.poll(() => receiver.taken.map(({ id }) => id), POLLING).toEqual(["lost"]);
  expect(receiver.attempts).toEqual(["lost", "lost"]);
});

test.each([401, 403, 404, 410, 302])(
  "after many attempts, one that the receiver refuses with %d waits until its secret or address is right",
  async (status) => {
    let isRight = false;
    const { receiver, history, sender, troubles, add } = await started(() => (isRight ? 200 : status), 24);
    add("a");
    sender.wake();
    await expect.poll(() => troubles.length, POLLING).toBe(1);
    expect(troubles[0]).toContain(`still not taken after 25 attempts, and will be sent again: `);
    expect(troubles[0]).toContain(`answered ${status}`);
    expect(history.outbox.waiting()).toBe(1);
    // The file is read again, with the secret that is right.
    isRight = true;
    await sender.close();
    history.driver.exec("UPDATE outbox SET due = 0");
    const lines = await openLines([receiverOf(receiver.url)], { PROBE_RUN_WEBHOOK_SECRET: SECRET });
    const next = new Sender(lines, new LocalHistory(history, () => undefined), sender.options);
    closing.push(() => next.close());
    await expect.poll(() => receiver.taken.map(({ id }) => id), POLLING).toEqual(["a"]);
  },
);

test("one that is refused for itself is dropped after ten attempts, and the next one is sent", async () => {
  const { receiver, sender, troubles, add } = await started((count) => (count === 1 ? 422 : 200), 9);
  add("a");
  sender.wake();
  await expect.poll(() => troubles.join(), POLLING).toContain("dropped after 10 attempts");
  add("b");
  await expect.poll(() => receiver.taken.map(({ id }) => id), POLLING).toEqual(["b"]);
});
