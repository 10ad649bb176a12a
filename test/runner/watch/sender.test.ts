import { afterEach, expect, test } from "vitest";
import { History } from "../../../runner/history/history.js";
import { LocalHistory } from "../../../runner/history/history-client.js";
import { IN_MEMORY } from "../../../runner/sqlite/store-path.js";
import { HistoryHealth } from "../../../runner/watch/history-health.js";
import { openLines, Sender } from "../../../runner/watch/sender.js";
import { SECRET, startReceiver } from "./watching.js";

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function started(answer?: (count: number) => number) {
  const receiver = await startReceiver(answer);
  const history = new History(IN_MEMORY);
  const client = new LocalHistory(history, () => undefined);
  const troubles: string[] = [];
  const receivers = [{ key: "r", kind: "webhook", to: receiver.url, on: new Set<string>(), remindMs: null, waitMs: 0, most: 1 } as const];
  const lines = await openLines(receivers, { PROBE_RUN_WEBHOOK_SECRET: SECRET });
  const onTrouble = (message: string): void => void troubles.push(message);
  const health = new HistoryHealth(onTrouble);
  const sender = new Sender(lines, client, { onTrouble, onOutboxTrouble: (error) => health.failed(error, 0), openIncidents: () => [], shared: null });
  closing.push(
    receiver.close,
    () => client.close(),
    () => sender.close(),
  );
  const add = (id: string): void => history.outbox.add([{ id, receiver: "r", body: JSON.stringify({ id }) }], Date.now());
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
