import { statementsFor } from "../../runner/queue/sqlite/rows.js";
import { FILE_SETTINGS, SCHEMA, STATE, type TableName } from "../../runner/queue/sqlite/schema.js";
import { openDriver } from "../../runner/sqlite/driver.js";
import { type QueueRequest, type QueueStages, serveQueueRounds } from "./queue-rounds.js";

const LATER = 2 ** 47;

/** The statements of the store and nothing else: prepared once, in a loop, in transactions of the same size that are as safe. */
serveQueueRounds(async ({ path, concurrency }: QueueRequest): Promise<QueueStages> => {
  const driver = openDriver(path as string);
  for (const setting of FILE_SETTINGS) driver.exec(setting);
  driver.exec(SCHEMA);
  const [jobs, results] = (["job", "result"] as const).map((table) => prepared(table)) as [Prepared, Prepared];

  function prepared(table: TableName) {
    const { push, takeFirst, finish } = statementsFor(table);
    return { push: driver.prepare(push), takeFirst: driver.prepare(takeFirst), finish: driver.prepare(finish) };
  }

  function committed<Result>(level: "FULL" | "NORMAL", work: () => Result): Result {
    driver.exec(`PRAGMA synchronous = ${level}`);
    driver.exec("BEGIN IMMEDIATE");
    const result = work();
    driver.exec("COMMIT");
    return result;
  }

  function drain(from: Prepared, count: number, level: "FULL" | "NORMAL", end: (id: string) => void): void {
    for (let done = 0, lease = 1; done < count; lease += 1) {
      const rows = committed("NORMAL", () => from.takeFirst.all(LATER, lease, concurrency)) as { sequence: number; id: string }[];
      committed(level, () => {
        from.finish.all(LATER, lease, JSON.stringify(rows.map(({ sequence }) => sequence)));
        for (const { id } of rows) end(id);
      });
      done += rows.length;
    }
  }

  const push = ({ push: statement }: Prepared, id: string, event: object): void => {
    statement.run(id, JSON.stringify({ ...event, id }), null, 0, STATE.ready, null, 0);
  };
  return {
    async enqueue(ids, event) {
      committed("FULL", () => {
        for (const id of ids) push(jobs, id, event);
      });
    },
    work: async (count, event) => drain(jobs, count, "FULL", (id) => push(results, `${id}:result`, event)),
    consume: async (count) => drain(results, count, "NORMAL", () => undefined),
    close: async () => driver.close(),
  };
});

interface Prepared {
  readonly push: Statement;
  readonly takeFirst: Statement;
  readonly finish: Statement;
}
type Statement = ReturnType<ReturnType<typeof openDriver>["prepare"]>;
