import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { History } from "../../../runner/history/history.js";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import type { CheckState } from "../../../runner/watch/state.js";
import { CLI } from "../cli/command-line.js";
import { SECRET, startReceiver, startSwitch } from "./watching.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

const IS_LONG = process.env.PROBE_RUN_LONG === "1";
const CHECKS = IS_LONG ? 250 : 30;
/** Checks whose target changes again and again. */
const CHANGING = IS_LONG ? 60 : 30;
const ROUNDS = IS_LONG ? 20 : 12;
/** Results at the end, at least. */
const SLOTS = IS_LONG ? 5000 : 300;
const DRAIN_MS = IS_LONG ? 300_000 : 60_000;

/** A watch as a program of its own. */
async function start(): Promise<ChildProcess> {
  const env = { ...process.env, PROBE_RUN_WEBHOOK_SECRET: SECRET };
  const child = spawn(process.execPath, [CLI, "watch", "checks.yaml", "--history", "history.db"], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  await expect.poll(() => text, { timeout: 20_000 }).toContain("watching");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "close");
  child.kill("SIGKILL");
  await ended;
}

/** Size and time of the last write of the history's log, in one. */
function historyMark(): string {
  try {
    const { size, mtimeMs } = statSync(join(folder, "history.db-wal"));
    return `${size} ${mtimeMs}`;
  } catch {
    return "";
  }
}

/** The next moment at which what is given changes, looked at as often as possible. */
async function nextChange(seen: () => unknown): Promise<void> {
  const before = seen();
  for (const endAt = Date.now() + 3000; seen() === before && Date.now() < endAt; ) await new Promise(setImmediate);
}

interface OpenIncident {
  readonly check_id: number;
  readonly number: number;
  readonly opened_at: number;
}

function read<Row>(sql: string): Row[] {
  const history = new History(join(folder, "history.db"));
  try {
    return history.driver.prepare(sql).all() as Row[];
  } finally {
    history.close();
  }
}

const slots = (): number => read<{ count: number }>("SELECT count(*) AS count FROM results")[0]?.count ?? 0;

test("killed again and again: no result twice, no change without an event, no id for two changes", { timeout: IS_LONG ? 1_200_000 : 120_000 }, async () => {
  const site = await startSwitch();
  // Now and then a notification is not taken.
  const receiver = await startReceiver((count) => (count % 25 === 0 ? 503 : 200));
  const checks = Array.from({ length: CHECKS }, (_, index) => `  - { probe: webapp.http, name: c${index}, input: { url: "${site.origin}/${index}" } }`);
  const usual = `watch: { every: 1s, fire_after: 1, clear_after: 1, notify: [{ to: "${receiver.url}" }] }`;
  writeFileSync(join(folder, "checks.yaml"), `name: killed\n${usual}\nchecks:\n${checks.join("\n")}\n`);

  const open: OpenIncident[] = [];
  for (let round = 0; round < ROUNDS || slots() < SLOTS; round++) {
    const child = await start();
    for (let index = 0; index < CHANGING; index++) {
      if ((index + round) % 3 === 0) site.down.add(`/${index}`);
      else site.down.delete(`/${index}`);
    }
    await sleep(400 + Math.random() * 1600);
    // At any moment, while a notification is being sent, and while the history is being written.
    if (round % 3 === 1) await nextChange(() => receiver.attempts.length);
    if (round % 3 === 2) await nextChange(historyMark);
    await kill(child);
    open.push(...read<OpenIncident>("SELECT check_id, number, opened_at FROM incidents WHERE closed_at IS NULL"));
  }
  site.down.clear();
  const last = await start();
  const unfinished = "(SELECT count(*) FROM incidents WHERE closed_at IS NULL AND is_flapping = 0) + (SELECT count(*) FROM outbox WHERE ended_at IS NULL)";
  await expect.poll(() => read(`SELECT ${unfinished} AS count`), { timeout: DRAIN_MS, interval: 500 }).toEqual([{ count: 0 }]);
  await kill(last);
  await Promise.all([site.close(), receiver.close()]);

  const history = new History(join(folder, "history.db"));
  const outbox = history.driver.prepare("SELECT id, body, ended_at FROM outbox").all() as { id: string; body: string; ended_at: number | null }[];
  const incidents = history.driver.prepare("SELECT key, number, closed_at FROM incidents JOIN checks ON checks.id = check_id").all() as {
    key: string;
    number: number;
    closed_at: number | null;
  }[];
  const states = history.driver.prepare("SELECT key, state FROM checks").all() as { key: string; state: string }[];
  history.close();

  expect(incidents.length).toBeGreaterThan(CHANGING / 2);
  expect(read("SELECT check_id, at FROM results GROUP BY check_id, at HAVING count(*) > 1")).toEqual([]);
  // What was open when the watch was killed is the same incident after it.
  const known = new Set(read<OpenIncident>("SELECT check_id, number, opened_at FROM incidents").map((incident) => JSON.stringify(incident)));
  expect(open.filter((incident) => !known.has(JSON.stringify(incident)))).toEqual([]);
  const received = new Map<string, Set<string>>();
  for (const event of receiver.taken) received.set(event.id, (received.get(event.id) ?? new Set()).add(JSON.stringify(event)));
  // An event that was sent twice had the same content.
  expect([...received.values()].filter(({ size }) => size > 1)).toEqual([]);
  expect([...received.keys()].sort()).toEqual(outbox.map(({ id }) => id).sort());
  const kinds = new Map(outbox.map(({ id, body }) => [id, (JSON.parse(body) as { data: { kind: string } }).data.kind]));
  for (const { key, number, closed_at } of incidents) {
    const own = [...kinds].filter(([id]) => id.startsWith(`${key}:${number}-`)).map(([, kind]) => kind);
    expect(["error", "flapping"]).toContain(own[0]);
    expect(own.filter((kind) => kind === "recovered")).toHaveLength(closed_at === null ? 0 : 1);
  }
  for (const { key, state } of states) {
    const numbers = incidents.filter((incident) => incident.key === key).map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: (JSON.parse(state) as CheckState).incidents }, (_, index) => index + 1));
  }
});

test("a second watch of the same history ends, and the first continues", { timeout: 60_000 }, async () => {
  const site = await startHttpServer(() => ({ body: "ok\n" }));
  writeFileSync(join(folder, "two.yaml"), `name: two\nwatch: { every: 1s }\nchecks:\n  - { probe: webapp.http, input: { url: "${site.origin}/" } }\n`);
  const words = [CLI, "watch", "two.yaml", "--history", "two.db"];
  const started = (): { child: ChildProcess; text: () => string } => {
    const child = spawn(process.execPath, words, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    return { child, text: () => text };
  };
  const first = started();
  await expect.poll(first.text, { timeout: 20_000 }).toContain("watching 1 check");
  // Whichever of two wrote second would end: the one that runs must not be it.
  for (let round = 0; round < 3; round++) {
    const second = started();
    expect(await once(second.child, "close")).toEqual([3, null]);
    expect(second.text()).toMatch(/^probe-run: could not run: another watch uses the history \S+two\.db: end it, or give another file in --history\n$/);
  }
  expect(first.child.exitCode).toBeNull();
  // A watch that was killed leaves nothing that keeps the next one from starting.
  await kill(first.child);
  const next = started();
  await expect.poll(next.text, { timeout: 20_000 }).toContain("watching 1 check");
  await kill(next.child);
  await site.close();
});
