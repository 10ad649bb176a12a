import { resolve } from "node:path";
import type { Backend } from "../backend.js";
import type { BackendOptions } from "../backend-options.js";
import { SqliteChannel } from "./channel.js";
import { openDatabase } from "./open-database.js";
import { type MachineClock, machineClock } from "./store-clock.js";

/** Jobs and results in one file, for several processes of one machine. */
export async function openSqlite(path: string, options: BackendOptions, machine: MachineClock = machineClock): Promise<Backend> {
  const database = openDatabase(resolve(path), options.mayCreate, machine);
  const results = new SqliteChannel(database, "result", options.retentionMs, null);
  const jobs = new SqliteChannel(database, "job", options.retentionMs, results);
  return {
    address: `sqlite:${path}`,
    jobs,
    results,
    async close() {
      jobs.close();
      results.close();
      await database.close();
    },
  };
}
