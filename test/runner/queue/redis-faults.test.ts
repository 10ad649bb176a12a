import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Backend, type Channel, type Counts, isChannel } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { openRedis } from "../../../runner/queue/redis/backend.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, startRedis } from "../../support/redis.js";

const IS_LONG = process.env.PROBE_RUN_LONG === "1";
const ROUNDS = IS_LONG ? 20 : 3;
const JOBS = 5000;
/** A round takes seconds; on a busy machine each start of a process takes as long. */
const ROUND_MS = 240_000;
/** How often each process, and the server, is killed in a round. */
const KILLS = IS_LONG ? 3 : 2;
/** A kill happens at a random moment within this time, once the process is working. */
const KILL_WITHIN_MS = 500;
const SERVER_IS_AWAY_MS = 200;

realServer("a queue on Redis whose processes are killed", ["redis-server"], () => {
  // In the same folder as the packages that it imports.
  const roles = fileURLToPath(new URL(`../../../node_modules/.cache/probe-run/${randomUUID()}.mjs`, import.meta.url));
  let redis: Redis;

  beforeAll(async () => {
    const entry = fileURLToPath(new URL("redis-roles.ts", import.meta.url));
    await build({ entryPoints: [entry], outfile: roles, bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "error" });
    redis = await startRedis({ isPersistent: true });
  });
  afterAll(async () => {
    await redis.stop();
    rmSync(roles, { force: true });
  });

  test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
    "round %i: no acknowledged job is lost, and each result is seen",
    async () => {
      const url = `${redis.url}?prefix=${randomUUID()}`;
      const round = new Round(roles, url);
      try {
        await Promise.all([round.produceAll(), round.killAll(redis)]);
        await drained(url);
      } finally {
        await round.end();
      }
      const expected = Array.from({ length: JOBS }, (_, index) => `job-${index}`);
      expect([...round.acknowledged].sort()).toEqual([...expected].sort());
      // A repeated result has the same id: there are no others.
      expect([...round.seen].sort()).toEqual(expected.map((id) => `${id}:result`).sort());
      expect(round.kills).toBeGreaterThanOrEqual(4 * KILLS);
    },
    ROUND_MS,
  );
});

interface Child {
  readonly process: ChildProcess;
  readonly ready: Promise<unknown>;
  readonly gone: Promise<unknown>;
}

class Round {
  readonly acknowledged = new Set<string>();
  readonly seen = new Set<string>();
  kills = 0;
  readonly #children = new Map<string, Child>();

  constructor(
    readonly script: string,
    readonly url: string,
  ) {
    for (const name of ["work-1", "work-2"]) this.#keep(name, ["work"], new Set());
    this.#keep("consume", ["consume"], this.seen);
  }

  /** A killed producer is followed by another, which continues after the last answer. */
  async produceAll(): Promise<void> {
    while (this.acknowledged.size < JOBS) {
      const { gone } = this.#start("produce", ["produce", String(this.acknowledged.size), String(JOBS)], this.acknowledged);
      await gone;
    }
    this.#children.delete("produce");
  }

  async killAll(redis: Redis): Promise<void> {
    await Promise.all([...["work-1", "work-2", "consume", "produce"].map((name) => this.#killChild(name)), this.#killServer(redis)]);
  }

  async end(): Promise<void> {
    const children = [...this.#children.values()];
    this.#children.clear();
    for (const { process } of children) process.kill("SIGKILL");
    await Promise.all(children.map(({ gone }) => gone));
  }

  async #killChild(name: string): Promise<void> {
    for (let kills = 0; kills < KILLS; ) {
      const child = this.#children.get(name);
      // A producer that is done.
      if (child === undefined) return;
      await Promise.race([child.ready, child.gone]);
      await sleep(Math.random() * KILL_WITHIN_MS);
      if (child.process.kill("SIGKILL")) kills += 1;
      await child.gone;
    }
    this.kills += KILLS;
  }

  async #killServer(redis: Redis): Promise<void> {
    await this.#children.get("work-1")?.ready;
    for (let kill = 1; kill <= KILLS; kill++) {
      await sleep(Math.random() * KILL_WITHIN_MS);
      await redis.kill();
      await sleep(SERVER_IS_AWAY_MS);
      await redis.start();
      this.kills += 1;
    }
  }

  /** Restarted whenever it is killed. */
  #keep(name: string, args: readonly string[], acknowledged: Set<string>): void {
    const child = this.#start(name, args, acknowledged);
    void child.gone.then(() => {
      if (this.#children.get(name) === child) this.#keep(name, args, acknowledged);
    });
  }

  #start(name: string, [role = "", ...range]: readonly string[], acknowledged: Set<string>): Child {
    const process = spawn(globalThis.process.execPath, [this.script, role, this.url, ...range], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: process.stdout });
    const ready = new Promise<unknown>((resolve) => lines.once("line", resolve));
    lines.on("line", (line) => (line === "ready" ? undefined : acknowledged.add(line)));
    // Its last lines have been read by then.
    const gone = Promise.all([once(process, "exit"), once(lines, "close")]);
    const child = { process, ready, gone };
    this.#children.set(name, child);
    return child;
  }
}

async function drained(url: string): Promise<void> {
  const backend = await openRedis(url, BACKEND_DEFAULTS);
  try {
    while ((await left(backend)) > 0) await sleep(50);
  } finally {
    await backend.close();
  }
}

async function left({ jobs, results }: Backend): Promise<number> {
  if (!isChannel(results)) throw new Error("results can be claimed from Redis");
  const all = await Promise.all([(jobs as Channel).counts(), results.counts()]);
  return all.reduce((sum, { waiting, delayed, leased }: Counts) => sum + waiting + delayed + leased, 0);
}
