import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { History } from "../../../runner/history/history.js";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import type { CheckState } from "../../../runner/watch/state.js";
import { CLI } from "../cli/command-line.js";
import { SECRET, startReceiver, startSwitch } from "./watching.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

const CHECKS = 30;
const ROUNDS = 12;

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

test("killed again and again: no result twice, no change without an event, no id for two changes", { timeout: 120_000 }, async () => {
  const site = await startSwitch();
  // Now and then a notification is not taken.
  const receiver = await startReceiver((count) => (count % 25 === 0 ? 503 : 200));
  const checks = Array.from({ length: CHECKS }, (_, index) => `  - { probe: webapp.http, name: c${index}, input: { url: "${site.origin}/${index}" } }`);
  const usual = `watch: { every: 1s, fire_after: 1, clear_after: 1, notify: [{ to: "${receiver.url}" }] }`;
  writeFileSync(join(folder, "checks.yaml"), `name: killed\n${usual}\nchecks:\n${checks.join("\n")}\n`);

  for (let round = 0; round < ROUNDS; round++) {
    const child = await start();
    for (let index = 0; index < CHECKS; index++) {
      if ((index + round) % 3 === 0) site.down.add(`/${index}`);
      else site.down.delete(`/${index}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 400 + Math.random() * 1600));
    await kill(child);
  }
  site.down.clear();
  const last = await start();
  const waiting = (): number => {
    const history = new History(join(folder, "history.db"));
    try {
      const [open] = history.driver.prepare("SELECT count(*) AS count FROM incidents WHERE closed_at IS NULL AND is_flapping = 0").all() as { count: number }[];
      return history.outbox.waiting() + Number(open?.count);
    } finally {
      history.close();
    }
  };
  await expect.poll(waiting, { timeout: 60_000, interval: 500 }).toBe(0);
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

  expect(incidents.length).toBeGreaterThan(CHECKS / 2);
  const received = new Map<string, Set<string>>();
  for (const event of receiver.taken) received.set(event.id, (received.get(event.id) ?? new Set()).add(JSON.stringify(event)));
  // An event that was sent twice had the same content.
  expect([...received.values()].filter(({ size }) => size > 1)).toEqual([]);
  expect([...received.keys()].sort()).toEqual(outbox.map(({ id }) => id).sort());
  const kinds = new Map(outbox.map(({ id, body }) => [id, (JSON.parse(body) as { data: { kind: string } }).data.kind]));
  for (const { key, number, closed_at } of incidents) {
    const own = [...kinds].filter(([id]) => id.startsWith(`${key}:${number}:`)).map(([, kind]) => kind);
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
  const children = [0, 1].map(() => spawn(process.execPath, words, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] }));
  const texts = children.map(() => "");
  for (const [index, child] of children.entries())
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      texts[index] += piece;
    });
  const [code] = (await Promise.race(children.map((child) => once(child, "close")))) as [number];
  expect(code).toBe(3);
  expect(texts.join("")).toContain("another process writes to this history");
  expect(children.filter(({ exitCode }) => exitCode === null)).toHaveLength(1);
  await Promise.all(children.filter(({ exitCode }) => exitCode === null).map(kill));
  await site.close();
});
