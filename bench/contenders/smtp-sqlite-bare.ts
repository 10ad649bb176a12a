import { pathToFileURL } from "node:url";
import { LogSync } from "../../runner/queue/sqlite/log-sync.js";
import { PUSHED_TOGETHER, statementsFor } from "../../runner/queue/sqlite/rows.js";
import { FILE_SETTINGS, SCHEMA, STATE, type TableName } from "../../runner/queue/sqlite/schema.js";
import { GATHER } from "../../runner/queue/timing.js";
import { type Driver, openDriver, type Statement } from "../../runner/sqlite/driver.js";
import { serve } from "../support/serve.js";
import { HELO_DOMAIN } from "./prober.js";
import type { FloodAnswer, FloodRequest } from "./tasks.js";

// node smtp-sqlite-bare.js LIBRARY: network.smtp, and the statements of the store bare. Nothing is checked, no lease is renewed: a job costs no less.
const { run } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");
const LATER = 2 ** 47;
/** All jobs have the same one: comparing it costs as much. */
const LEASE = 1;
const ENQUEUED_TOGETHER = 500;

export interface BareJobsRequest extends FloodRequest {
  readonly path: string;
  /** The jobs are in memory, and only their results are stored. */
  readonly isResultsOnly: boolean;
}

interface Row {
  readonly sequence: number;
  readonly id: string;
  readonly body: string;
}

interface Pushing {
  readonly statement: Statement;
  readonly size: number;
}

interface Ended {
  readonly row: Row;
  readonly result: string;
}

serve<BareJobsRequest>("ready", async ({ path, port, total, concurrency, isResultsOnly }) => {
  const store = new Store(path, isResultsOnly);
  const input = { target_host: "127.0.0.1", target_port: port, tls: { mode: "none" as const }, helo_domain: HELO_DOMAIN };
  store.enqueue(total, { specversion: "1.0", source: "bench", type: "bench", time: new Date().toISOString(), data: { input } });
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  await workThrough(store, total, concurrency, async (body) => {
    const { data, ...event } = JSON.parse(body) as { data: { input: typeof input } };
    return JSON.stringify({ ...event, data: (await run("network.smtp@2", data.input)).queue });
  });
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await store.close();
  const answer: FloodAnswer = { seconds, cpuMicroseconds: (user + system) / total };
  return answer;
});

class Store {
  readonly #driver: Driver;
  /** As the store has it: several transactions share a wait for the disk. */
  readonly #log: LogSync;
  readonly #take: Statement;
  readonly #finish: Statement;
  readonly #jobs: Pushing[];
  readonly #results: Pushing[];
  /** The jobs that are not stored. */
  readonly #unstored: Row[] = [];
  #taken = 0;

  constructor(
    path: string,
    readonly isResultsOnly: boolean,
  ) {
    this.#driver = openDriver(path);
    for (const setting of FILE_SETTINGS) this.#driver.exec(setting);
    this.#driver.exec(SCHEMA);
    this.#driver.exec("PRAGMA synchronous = NORMAL");
    const { takeFirst, finish } = statementsFor("job");
    this.#take = this.#driver.prepare(takeFirst);
    this.#finish = this.#driver.prepare(finish);
    this.#jobs = pushingInto(this.#driver, "job");
    this.#results = pushingInto(this.#driver, "result");
    this.#log = new LogSync(`${path}-wal`, () => {
      throw new Error("the disk failed");
    });
  }

  enqueue(total: number, event: object): void {
    for (let first = 0; first < total; first += ENQUEUED_TOGETHER) {
      const ids = Array.from({ length: Math.min(ENQUEUED_TOGETHER, total - first) }, (_, index) => `bench-${String(first + index).padStart(30, "0")}`);
      const jobs = ids.map((id) => [id, JSON.stringify({ ...event, id })] as const);
      if (this.isResultsOnly) for (const [id, body] of jobs) this.#unstored.push({ sequence: this.#unstored.length, id, body });
      else this.#committed(() => pushAll(this.#jobs, jobs));
    }
  }

  /** Ends jobs with their results, and takes others, in one transaction. */
  next(ended: readonly Ended[], max: number): Row[] {
    return this.#committed(() => {
      if (!this.isResultsOnly) this.#finish.all(LATER, LEASE, JSON.stringify(ended.map(({ row }) => row.sequence)));
      pushAll(
        this.#results,
        ended.map(({ row, result }) => [`${row.id}:result`, result]),
      );
      if (!this.isResultsOnly) return this.#take.all(LATER, LEASE, max) as Row[];
      this.#taken += max;
      return this.#unstored.slice(this.#taken - max, this.#taken);
    });
  }

  sync(): Promise<void> {
    return this.#log.sync("grouped");
  }

  async close(): Promise<void> {
    await this.#log.close();
    this.#driver.close();
  }

  #committed<Result>(work: () => Result): Result {
    this.#driver.exec("BEGIN IMMEDIATE");
    const result = work();
    this.#driver.exec("COMMIT");
    return result;
  }
}

function pushingInto(driver: Driver, table: TableName): Pushing[] {
  const { push, pushMany } = statementsFor(table);
  const sizes = [...PUSHED_TOGETHER, 1];
  return [...pushMany, push].map((sql, index) => ({ statement: driver.prepare(sql), size: sizes[index] as number }));
}

function pushAll(pushing: readonly Pushing[], messages: readonly (readonly [id: string, body: string])[]): void {
  let next = 0;
  for (const { statement, size } of pushing) {
    for (; next + size <= messages.length; next += size) {
      const values = messages.slice(next, next + size).flatMap(([id, body]) => [id, body, null, 0, STATE.ready, null, 1]);
      statement.run(...values, 0);
    }
  }
}

/** As many slots as a worker gathers are filled at once. The same claim stores what has ended since the last one. */
function workThrough(store: Store, total: number, concurrency: number, job: (body: string) => Promise<string>): Promise<void> {
  return new Promise((resolve, reject) => {
    let stored = 0;
    let running = 0;
    let ended: Ended[] = [];
    const syncs: Promise<void>[] = [];
    const step = (): void => {
      const rows = store.next(ended, concurrency - running);
      stored += ended.length;
      ended = [];
      syncs.push(store.sync());
      for (const row of rows) start(row);
      if (stored === total) Promise.all(syncs).then(() => resolve(), reject);
    };
    const start = (row: Row): void => {
      running += 1;
      job(row.body).then((result) => {
        running -= 1;
        ended.push({ row, result });
        if (running === 0 || ended.length >= concurrency * GATHER.usual.share) step();
      }, reject);
    };
    step();
  });
}
