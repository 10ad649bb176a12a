import { MARIADB_PASSWORD, startMariaDb } from "../test/support/mariadb.js";
import { POSTGRES_PASSWORD, startPostgres } from "../test/support/postgres.js";
import { type ProgramName, whyNot } from "../test/support/programs.js";
import { startRedis } from "../test/support/redis.js";
import type { Bench, Setting } from "./support/bench.js";
import { startChild } from "./support/child.js";
import type { Figure } from "./support/figure.js";
import { measureRates, type RateLine, skippedRate } from "./support/rates.js";

export const data: Bench = {
  name: "data",
  summary: "Checks a second of data.postgresql, data.mysql and data.redis, beside npm's clients that open a connection for each check.",
  measure,
};

/** A folder with the npm packages pg, mysql2 and ioredis. */
const PACKAGES = process.env.PROBE_RUN_PEERS ?? "";

/** Of our rate to the client's; the same of the processor time, as the servers need most of two processors. */
const LEAST = 1.5;

interface Ports {
  readonly postgres: number;
  readonly mariadb: number;
  readonly redis: number;
}

function linesFor({ postgres, mariadb, redis }: Ports): RateLine[] {
  const common = { total: 400, concurrency: 50, least: LEAST, showsCpu: true, mostCpu: 1 / LEAST };
  const peer = (way: string) => ({ name: `${way} (npm)`, way, missing: null });
  return [
    {
      ...{ ...common, name: "data.postgresql, 50 in flight", probe: "data.postgresql", target: String(postgres), peer: peer("pg") },
      input: { database: "postgres", auth: { username: "postgres", password: POSTGRES_PASSWORD } },
    },
    {
      ...{ ...common, name: "data.mysql, 50 in flight", probe: "data.mysql", target: String(mariadb), peer: peer("mysql2") },
      input: { auth: { username: "ann", password: MARIADB_PASSWORD } },
    },
    { ...common, total: 2000, name: "data.redis, 50 in flight", probe: "data.redis", target: String(redis), peer: peer("ioredis") },
  ];
}

const PROGRAMS: readonly ProgramName[] = ["postgres", "psql", "mariadbd", "mariadb", "redis-server"];

async function measure(setting: Setting): Promise<Figure[]> {
  const missing = PROGRAMS.map(whyNot).find((why) => why !== null);
  const reason =
    PACKAGES === "" ? "PROBE_RUN_PEERS names no folder with its npm package" : missing === undefined ? null : `${missing.reason}; ${missing.remedy}`;
  if (reason !== null) return linesFor({ postgres: 0, mariadb: 0, redis: 0 }).map((line) => skippedRate(data.name, line, reason));
  const stops: (() => Promise<unknown>)[] = [];
  const until = <Server extends { stop(): Promise<unknown> }>(server: Server): Server => {
    stops.push(() => server.stop());
    return server;
  };
  try {
    const { script, library } = setting.workshop;
    setting.progress("starting postgres, mariadb and redis");
    // Sessions end only after their clients have gone.
    const postgres = until(await startPostgres({ maxConnections: 400 })).port;
    const mariadb = until(await startMariaDb({ maxConnections: 400 })).port;
    const redis = until(await startRedis({ isPersistent: false })).port;
    const ours = until(await startChild(process.execPath, [script("rateOurs"), library]));
    const peers = until(await startChild(process.execPath, [script("dataPeers"), PACKAGES]));
    return await measureRates(data.name, setting, linesFor({ postgres, mariadb, redis }), ours, peers);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
