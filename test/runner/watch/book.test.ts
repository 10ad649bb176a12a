import { afterEach, expect, test } from "vitest";
import { History } from "../../../runner/history/history.js";
import { LocalHistory } from "../../../runner/history/history-client.js";
import type { Notification } from "../../../runner/history/outbox.js";
import { IN_MEMORY } from "../../../runner/sqlite/store-path.js";
import { readSuite } from "../../../runner/suite/read.js";
import { Book } from "../../../runner/watch/book.js";
import type { Outcome } from "../../../runner/watch/state.js";
import { type WatchedCheck, watchPlanOf } from "../../../runner/watch/watch-plan.js";
import type { IncidentEvent } from "../../../schemas/incident-event.js";
import { incidentEventContract } from "../../../schemas/incident-event.js";

const RECEIVER = '{ to: "https://hook.example/x", remind: 1h }';
const SUITE = `name: mail
watch: { fire_after: 2, clear_after: 1, notify: [${RECEIVER}] }
checks:
  - { probe: network.tcp, input: { target_host: 127.0.0.1, target_port: 25 } }
`;
const MINUTE = 60_000;

const opened: LocalHistory[] = [];
afterEach(async () => {
  for (const history of opened.splice(0)) await history.close();
});

async function book(receivers = RECEIVER) {
  const history = new History(IN_MEMORY);
  const client = new LocalHistory(history, () => undefined);
  opened.push(client);
  const plan = await watchPlanOf(await readSuite("checks.yaml", SUITE.replace(RECEIVER, receivers), {}));
  const changes: string[] = [];
  const trouble: { error: unknown; unsaved: readonly Notification[] }[] = [];
  const options = {
    onChange: (_check: WatchedCheck, { kind, incident }: { kind: string; incident: number }) => void changes.push(`${kind} ${incident}`),
    onTrouble: (error: unknown, unsaved: readonly Notification[]) => void trouble.push({ error, unsaved }),
  };
  const [check] = plan.checks as [WatchedCheck];
  const made = await Book.open(plan, client, options, 0);
  const record = (minute: number, outcome: Outcome): Promise<void> => {
    const reason = outcome === "ok" ? null : "refused";
    return made.record(check, { at: minute * MINUTE, outcome, durationMs: 1, reason, output: null }, minute * MINUTE + 5);
  };
  const outbox = (): IncidentEvent[] =>
    (history.driver.prepare("SELECT body FROM outbox ORDER BY rowid").all() as { body: string }[]).map(({ body }) => JSON.parse(body) as IncidentEvent);
  return { book: made, history, check, changes, trouble, record, outbox };
}

test("every notification follows its contract", async () => {
  const { book: made, record, outbox } = await book();
  for (const [minute, outcome] of (["error", "error", "ok", "error", "error"] as const).entries()) await record(minute + 1, outcome);
  await made.remind(70 * MINUTE);
  const events = outbox();
  expect(events.map(({ data }) => `${data.kind} ${data.incident}`)).toEqual(["error 1", "recovered 1", "error 2", "reminder 2"]);
  for (const event of events) expect(incidentEventContract.faults(event)).toEqual([]);
});

test("a watch that no longer shares its log reports what it judges, as before", async () => {
  const { book: made, changes } = await book();
  await made.blind("the workers are offline", MINUTE, "60000-0");
  await made.blind(null, 2 * MINUTE, "120000-0");
  await made.blind("this machine is offline", 3 * MINUTE);
  await made.blind(null, 4 * MINUTE);
  expect(changes).toEqual(["error 1", "recovered 1", "error 2", "recovered 2"]);
});

test("reminders go to those that heard of the incident", async () => {
  const { book: made, check, outbox } = await book("{ to: 'https://errors.example/', on: [error], remind: 1h }, { to: 'https://all.example/', remind: 1h }");
  const result = { outcome: "unknown", durationMs: null, reason: "PASSWORD is not set", output: null, isUnexplained: true } as const;
  for (const minute of [1, 17]) await made.record(check, { ...result, at: minute * MINUTE }, minute * MINUTE);
  await made.remind(80 * MINUTE);
  expect(outbox().map(({ data }) => data.kind)).toEqual(["unknown", "reminder"]);
});

test("reminders: one for each interval, however often it is looked", async () => {
  const { book: made, record, outbox, check } = await book();
  await record(1, "error");
  await record(2, "error");
  for (const minute of [30, 63, 64, 100, 125, 126]) await made.remind(minute * MINUTE);
  expect(outbox().map(({ id }) => id)).toEqual(["1", "r1", "r2"].map((name) => `${check.key}:1-120:${name}`));
  await record(130, "ok");
  await made.remind(400 * MINUTE);
  expect(outbox()).toHaveLength(4);
});

test("while the history cannot be written, incidents continue, and what was not stored is passed on", async () => {
  const { history, changes, trouble, record, outbox, book: made, check } = await book();
  await record(1, "error");
  // As a full disk does: every write fails, and reading goes on.
  history.driver.exec("PRAGMA query_only = ON");
  await record(2, "error");
  expect(changes).toEqual(["error 1"]);
  expect(trouble).toHaveLength(1);
  expect(trouble[0]?.unsaved.map(({ id }) => id)).toEqual([expect.stringMatching(`^${check.key}:1-\\d+:1$`)]);
  expect(made.state(check.key).incident).toMatchObject({ number: 1 });
  history.driver.exec("PRAGMA query_only = OFF");
  await record(3, "ok");
  expect(changes).toEqual(["error 1", "recovered 1"]);
  expect(outbox().map(({ id }) => id)).toEqual([expect.stringMatching(`^${check.key}:1-\\d+:2$`)]);
  const [stored] = history.checks("mail", [], "");
  expect(JSON.parse(stored?.state ?? "")).toEqual(made.state(check.key));
});

test("a result that is there already changes nothing", async () => {
  const { changes, record, outbox, book: made, check } = await book();
  await record(1, "error");
  await record(2, "error");
  const before = made.state(check.key);
  await record(2, "ok");
  await record(1, "ok");
  expect(made.state(check.key)).toEqual(before);
  expect([changes, outbox().length]).toEqual([["error 1"], 1]);
});

test("an incident of a check that was removed and is back, or of a new history, is not taken for one that was sent", async () => {
  const { book: first, history, record, outbox, check } = await book();
  for (const [minute, outcome] of (["error", "error", "ok"] as const).entries()) await record(minute + 1, outcome);
  const client = new LocalHistory(history, () => undefined);
  const options = { onChange: () => undefined, onTrouble: () => undefined };
  const without = await watchPlanOf(await readSuite("checks.yaml", SUITE.replace("network.tcp", "network.smtp"), {}));
  await Book.open(without, client, options, 4 * MINUTE);
  const again = await Book.open(first.plan, client, options, 5 * MINUTE);
  const fail = (at: number): Promise<void> => again.record(check, { at, outcome: "error", durationMs: 1, reason: "refused", output: null }, at);
  await fail(6 * MINUTE);
  await fail(7 * MINUTE);
  expect(outbox().map(({ data }) => `${data.kind} ${data.incident}`)).toEqual(["error 1", "recovered 1", "error 1"]);
});
