import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import { type Channel, isChannel, type Message } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { isTransient } from "../../../runner/queue/is-transient.js";
import { openRedis } from "../../../runner/queue/redis/backend.js";

/**
 * What the fault tests kill: `node roles.mjs produce|work|consume URL [first] [last]`. The first line on stdout says that it is ready; each following
 * one is an id that was acknowledged (produce) or handled (consume), written before anything else is done.
 */
const ROLES = { produce, work, consume } as const;
const AT_A_TIME = 40;
const LEASE_MS = 1000;

const [role = "", url = "", ...range] = process.argv.slice(2);
const backend = await patiently(() => openRedis(url, BACKEND_DEFAULTS));
if (backend.jobs === null || !isChannel(backend.results)) throw new Error("Redis has both channels");
say(["ready"]);
await ROLES[role as keyof typeof ROLES](backend.jobs, backend.results);
await backend.close();

async function produce(jobs: Channel): Promise<void> {
  const [first = 0, last = 0] = range.map(Number);
  for (let next = first; next < last; next += AT_A_TIME) {
    const ids = Array.from({ length: Math.min(AT_A_TIME, last - next) }, (_, index) => `job-${next + index}`);
    await patiently(() => jobs.push(ids.map((id) => message(id))));
    say(ids);
    await sleep(Math.random() * 8);
  }
}

async function work(jobs: Channel): Promise<void> {
  for (;;) {
    const claimed = await patiently(() => jobs.claim({ max: AT_A_TIME, leaseMs: LEASE_MS, waitMs: 1000, limits: NO_LIMITS }));
    await sleep(Math.random() * 4);
    const settlements = claimed.map((leased) => ({ message: leased, outcome: { kind: "done", result: message(`${leased.id}:result`) } as const }));
    await patiently(() => jobs.settle(settlements));
  }
}

async function consume(_jobs: Channel, results: Channel): Promise<void> {
  for (;;) {
    const claimed = await patiently(() => results.claim({ max: AT_A_TIME, leaseMs: LEASE_MS, waitMs: 1000, limits: NO_LIMITS }));
    if (claimed.length > 0) say(claimed.map(({ id }) => id));
    await sleep(Math.random() * 4);
    await patiently(() => results.settle(claimed.map((leased) => ({ message: leased, outcome: { kind: "done", result: null } }))));
  }
}

async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      await sleep(100);
    }
  }
}

function say(ids: readonly string[]): void {
  writeSync(1, ids.map((id) => `${id}\n`).join(""));
}

function message(id: string): Message {
  return { id, body: JSON.stringify({ id }), key: null, priority: 0, delayMs: 0 };
}
