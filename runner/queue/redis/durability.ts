import type { Connection } from "./connection.js";

/** What is wrong with how this Redis keeps its data, for a queue that must lose nothing; empty when nothing is. */
export function durabilityProblems(info: string): string[] {
  const fields = new Map(info.split("\r\n").map((line) => line.split(":", 2) as [string, string]));
  const problems: string[] = [];
  // A service that hides the field cannot be judged by it.
  if (fields.get("aof_enabled") === "0") {
    problems.push("it writes no append-only file, so a restart loses what was accepted since its last snapshot, or all of it: set appendonly yes");
  }
  const policy = fields.get("maxmemory_policy");
  if (fields.get("maxmemory") !== "0" && policy !== undefined && policy !== "noeviction") {
    problems.push(`it drops keys when its memory is full (${policy}), and jobs are keys: set maxmemory-policy noeviction`);
  }
  return problems;
}

/** Node's warnings go to standard error, once each, and can be listened to or turned off. */
export async function warnOfLosses(connection: Connection): Promise<void> {
  const problems = durabilityProblems(await connection.guard(() => connection.client.info()));
  for (const problem of problems)
    process.emitWarning(`${connection.address.shown} may lose messages: ${problem}`, { type: "QueueWarning", code: "PROBE_RUN_VOLATILE_REDIS" });
}
