import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { History } from "../../../../runner/history/history.js";
import { OUTCOMES } from "../../../../runner/history/schema.js";
import { startHttpServer } from "../../../../runner/lab/http-server.js";
import type { IncidentEvent } from "../../../../schemas/incident-event.js";
import { startRedis } from "../../../support/redis.js";
import { CLI } from "../../cli/command-line.js";
import { SECRET, startReceiver } from "../watching.js";

export interface Program {
  readonly child: ChildProcess;
  text(): string;
  /** Ends it as a power cut would, or by the signal given. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** A watch or a worker as a program of its own. */
export function start(words: readonly string[], cwd: string, more: Readonly<Record<string, string>> = {}): Program {
  const env = { ...process.env, ...more, PROBE_RUN_WEBHOOK_SECRET: SECRET };
  const child = spawn(process.execPath, [CLI, ...words], { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  const kill = async (signal: NodeJS.Signals = "SIGKILL"): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    child.kill(signal);
    await ended;
  };
  return { child, text: () => text, kill };
}

export async function startWatch(words: readonly string[], cwd: string): Promise<Program> {
  const watch = start(["watch", "checks.yaml", ...words], cwd);
  await expect.poll(() => watch.text(), { timeout: 30_000 }).toContain("watching");
  return watch;
}

/** Workers that name their place to the server that they ask, as a token. */
export function startWorker(url: string, place: string | null, cwd: string, allowed = "127.0.0.0/8"): Program {
  const at = place === null ? [] : ["--location", place];
  const words = ["work", "--queue", url, ...at, "--allow-target", allowed, "--allow-secret", "env:PLACE", "--lease", "2000"];
  return start(words, cwd, { PLACE: `token-of-${place ?? "nowhere"}` });
}

/** A site whose pages can be down for some places: `/1@fra`, or `/1` for all. It counts the requests for each page. */
export async function startPlaces() {
  const down = new Set<string>();
  const asked = new Map<string, number>();
  const server = await startHttpServer((path, { headers }) => {
    const place = String(headers.authorization).replace("Bearer token-of-", "");
    asked.set(path, (asked.get(path) ?? 0) + 1);
    return down.has(path) || down.has(`${path}@${place}`) ? { status: 503 } : { body: "ok\n" };
  });
  return { origin: server.origin, down, asked, close: () => server.close() };
}

/** Words of a check beside the usual ones, by its number: `watch: { depends_on: [c0] }`. */
export type Words = Readonly<Record<number, string>>;

export function suiteOf(origin: string, checks: number, watch: string, words: Words = {}): string {
  const lines = Array.from({ length: checks }, (_, index) => {
    const own = words[index] === undefined ? "" : `, ${words[index]}`;
    return `  - { probe: webapp.http, name: c${index}, input: { url: "${origin}/${index}", auth: { token: { secret: "env:PLACE" } }, timeout_ms: 2000 }${own} }`;
  });
  return `name: places\nwatch: { every: 1s, ${watch} }\nchecks:\n${lines.join("\n")}\n`;
}

export interface Facts {
  readonly incidents: readonly { readonly name: string; readonly number: number; readonly opened_at: number; readonly closed_at: number | null }[];
  /** `ok`, `suppressed` … by check and slot: `c0@1780000000000`. */
  readonly results: ReadonlyMap<string, string>;
  readonly reasons: readonly string[];
  /** Slots in which a run was measured. */
  readonly measured: ReadonlySet<string>;
  readonly outbox: readonly { readonly id: string; readonly body: string; readonly ended_at: number | null }[];
}

/** What a history holds, while its watch runs or after it. */
export function factsOf(path: string): Facts {
  const history = new History(path);
  try {
    const all = <Row>(sql: string): Row[] => history.driver.prepare(sql).all() as Row[];
    const name = "replace(name, 'webapp.http ', '') AS name";
    const rows = all<{ name: string; at: number; outcome: number; duration_us: number | null }>(
      `SELECT ${name}, at, outcome, duration_us FROM results JOIN checks ON checks.id = check_id ORDER BY at`,
    );
    return {
      incidents: all(`SELECT ${name}, number, opened_at, closed_at FROM incidents JOIN checks ON checks.id = check_id ORDER BY name, number`),
      results: new Map(rows.map(({ name: check, at, outcome }) => [`${check}@${at}`, OUTCOMES[outcome] as string])),
      reasons: all<{ reason: string }>("SELECT reason FROM evidence ORDER BY at").map(({ reason }) => reason.replace(/ \(.*/s, "")),
      measured: new Set(rows.flatMap(({ name: check, at, duration_us: duration }) => (duration === null ? [] : [`${check}@${at}`]))),
      outbox: all("SELECT id, body, ended_at FROM outbox ORDER BY id"),
    };
  } finally {
    history.close();
  }
}

/** `error c0`. What was sent twice, by a watch that was killed after the receiver had taken it and by the next one, has one id and counts once. */
export function reportedBy(receiver: { readonly taken: readonly IncidentEvent[] }): string[] {
  const byId = new Map(receiver.taken.map((event) => [event.id, event]));
  return [...byId.values()].map(({ data: { kind, check } }) => `${kind} ${check.replace("webapp.http ", "")}`);
}

/** A Redis, a site, a receiver, and the programs that a test starts, all of which it ends. */
export async function openFleet() {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-fleet-"));
  const redis = await startRedis({ isPersistent: true });
  const site = await startPlaces();
  const receiver = await startReceiver();
  const programs: Program[] = [];
  const started = (program: Program): Program => {
    programs.push(program);
    return program;
  };
  return {
    folder,
    redis,
    site,
    receiver,
    /** Writes the suite. */
    write(checks: number, watch: string, words: Words = {}): void {
      writeFileSync(join(folder, "checks.yaml"), suiteOf(site.origin, checks, `${watch}, notify: [{ to: "${receiver.url}" }]`, words));
    },
    /** A watch with a history of this name. */
    watch: async (history: string, more: readonly string[] = []): Promise<Program> =>
      started(await startWatch(["--queue", redis.url, "--history", history, ...more], folder)),
    work: (place: string): Program => started(startWorker(redis.url, place, folder)),
    facts: (history: string): Facts => factsOf(join(folder, history)),
    async close(): Promise<void> {
      await Promise.all(programs.map((program) => program.kill()));
      await Promise.all([site.close(), receiver.close(), redis.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Both histories have the same incidents and alerts. For a while, one of two watches may be some results behind the other. */
export function areAlike([one, two]: readonly [Facts, Facts]): boolean {
  const shown = ({ incidents, outbox }: Facts): string => JSON.stringify([incidents, outbox.map(({ id }) => id)]);
  return shown(one) === shown(two);
}

/** Slots of which two histories say different things. */
export function differences(one: Facts, two: Facts): string[] {
  return [...one.results].filter(([slot, outcome]) => (two.results.get(slot) ?? outcome) !== outcome).map(([slot]) => slot);
}
