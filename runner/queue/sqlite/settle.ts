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
  pushResults(messages: readonly Message[]): void;
}

/** Runs inside a transaction. */
export function settleNow(settling: Settling, settlements: readonly Settlement[]): SettleAnswer[] {
  const finished = finishAll(settling, settlements);
  const keys = new Set<string>();
  const results: Message[] = [];
  const answers = settlements.map(({ message, outcome }): SettleAnswer => {
    const isStored = outcome.kind === "done" ? finished.delete((message as Lease).sequence) : wasStored(settling, message as Lease, outcome);
    if (!isStored) return "lost";
    if (message.key !== null) keys.add(message.key);
    if ("result" in outcome && outcome.result !== null) results.push(outcome.result);
    return "stored";
  });
  settling.pushResults(results);
  recheckKeys(settling, keys);
  return answers;
}

/** Most jobs are done: one statement for all that were claimed together costs less than one for each. Gives those whose lease still held. */
function finishAll({ database, statements, forgetAt }: Settling, settlements: readonly Settlement[]): Set<number> {
  const byLease = new Map<number, number[]>();
  for (const { message, outcome } of settlements) {
    if (outcome.kind !== "done") continue;
    const { sequence, lease } = message as Lease;
    const together = byLease.get(lease);
    if (together === undefined) byLease.set(lease, [sequence]);
    else together.push(sequence);
  }
  const finished = new Set<number>();
  for (const [lease, sequences] of byLease) {
    const rows = database.prepare(statements.finish).all(forgetAt, lease, JSON.stringify(sequences)) as { sequence: number }[];
    for (const { sequence } of rows) finished.add(sequence);
  }
  return finished;
}

function wasStored({ database, statements, now }: Settling, { sequence, lease }: Lease, outcome: Exclude<Outcome, { kind: "done" }>): boolean {
  const changed = (sql: string, ...values: (string | number)[]): boolean => Number(database.prepare(sql).run(...values, sequence, lease).changes) > 0;
  switch (outcome.kind) {
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
