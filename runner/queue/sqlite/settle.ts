import type { Message, Outcome, SettleAnswer, Settlement } from "../backend.js";
import type { Database } from "./database.js";
import type { Lease, statementsFor } from "./rows.js";
import type { TableName } from "./schema.js";

interface Settling {
  readonly database: Database;
  readonly table: TableName;
  readonly statements: ReturnType<typeof statementsFor>;
  readonly now: number;
  readonly forgetAt: number;
  pushResult(message: Message): void;
}

/** Runs inside a transaction. */
export function settleNow(settling: Settling, settlements: readonly Settlement[]): SettleAnswer[] {
  const keys = new Set<string>();
  const answers = settlements.map(({ message, outcome }): SettleAnswer => {
    if (!wasStored(settling, message as Lease, outcome)) return "lost";
    if (message.key !== null) keys.add(message.key);
    if ("result" in outcome && outcome.result !== null) settling.pushResult(outcome.result);
    return "stored";
  });
  recheckKeys(settling, keys);
  return answers;
}

function wasStored({ database, statements, now, forgetAt }: Settling, { sequence, lease }: Lease, outcome: Outcome): boolean {
  const changed = (sql: string, ...values: (string | number)[]): boolean => Number(database.prepare(sql).run(...values, sequence, lease).changes) > 0;
  switch (outcome.kind) {
    case "done":
      return changed(statements.finish, forgetAt);
    case "retry":
      return changed(statements.retry, Math.ceil(now + outcome.afterMs), JSON.stringify(outcome.failure));
    case "later":
      return changed(statements.later, Math.ceil(now + outcome.afterMs));
    case "release":
      return changed(statements.release);
    case "dead":
      return changed(statements.bury, Math.floor(now), JSON.stringify(outcome.failure));
  }
}

/** A key whose lease ended has room again. A key that waits for its bucket is checked once without effect. */
function recheckKeys({ database, table, now }: Settling, keys: ReadonlySet<string>): void {
  if (keys.size === 0) return;
  const statement = database.prepare(`UPDATE ${table}_lane SET opens = ? WHERE key = ? AND opens > ?`);
  for (const key of keys) statement.run(now, key, now);
}
