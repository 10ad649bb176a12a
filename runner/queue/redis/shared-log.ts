import type { LogEntry, LogPart, NewestState, SharedLog } from "../shared-log.js";
import { readRedisUrl } from "./address.js";
import { Connection } from "./connection.js";
import { inspect } from "./inspect.js";

/** The log is cut in stretches of this time, of which so many are kept. A reader that was away for longer begins with the newest states. */
const STRETCH_MS = 60_000;
const STRETCHES = 61;
/** Before every entry. */
const FIRST = "0-0";
const TAKEN_KEPT_MS = 7 * 86_400_000;
/** One call must not block the server for long. */
const MOST_IN_CALL = 500;

export async function openSharedLog(url: string, name: string): Promise<SharedLog> {
  const connection = await Connection.open(readRedisUrl(url));
  try {
    await inspect(connection);
    return new RedisLog(connection, `${connection.address.prefix}:${name}:`);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

class RedisLog implements SharedLog {
  constructor(
    readonly connection: Connection,
    readonly base: string,
  ) {}

  async owner(wanted: string): Promise<string> {
    const [owner] = (await this.#run("logOwner", [wanted])) as [string];
    return owner;
  }

  async append(entries: readonly string[]): Promise<void> {
    for (const part of partsOf(entries, MOST_IN_CALL)) await this.#run("logAppend", [STRETCH_MS, STRETCHES, ...part]);
  }

  async read(after: string | null, most: number): Promise<LogPart> {
    const [keptSince = FIRST, newest = FIRST, ...rest] = (await this.#run("logRead", [after ?? "", most])) as string[];
    const entries: LogEntry[] = [];
    for (let index = 0; index < rest.length; index += 3)
      entries.push({ id: rest[index] as string, at: Number(rest[index + 1]), text: rest[index + 2] as string });
    return { entries, keptSince, newest };
  }

  async saveStates(states: readonly NewestState[]): Promise<void> {
    const values = states.flatMap(({ name, epoch, at, value }) => [name, `${epoch ?? FIRST} ${at}`, value]);
    for (const part of partsOf(values, 3 * MOST_IN_CALL)) await this.#run("statesSave", part);
  }

  async states(): Promise<ReadonlyMap<string, string>> {
    const flat = (await this.#run("statesLoad", [])) as string[];
    return new Map(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] as string] as const] : [])));
  }

  async hold(name: string, holder: string, forMs: number): Promise<boolean> {
    return ((await this.#run("senderHold", [name, holder, forMs])) as number[])[0] === 1;
  }

  async addTaken(name: string, ids: readonly string[]): Promise<void> {
    await this.#run("takenAdd", [name, TAKEN_KEPT_MS, ...ids]);
  }

  async taken(name: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const answers = (await this.#run("takenHas", [name, ...ids])) as number[];
    return new Set(ids.filter((_, index) => answers[index] === 1));
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  #run(script: Parameters<Connection["run"]>[0], values: readonly (string | number)[]): Promise<unknown> {
    return this.connection.run(script, [this.base], values);
  }
}

function partsOf<Item>(items: readonly Item[], most: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, index) => items.slice(index * most, (index + 1) * most));
}
