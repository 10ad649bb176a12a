import { QueueError } from "../queue-error.js";
import type { Connection } from "./connection.js";

/** The oldest that BullMQ works with. */
const LEAST_VERSION = [6, 2] as const;

/** Refuses a server that is too old, and warns of one that may lose messages. */
export async function inspect(connection: Connection): Promise<void> {
  const { shown } = connection.address;
  const facts = factsOf(await connection.guard(() => connection.client.info()));
  const version = facts.get("redis_version");
  if (version !== undefined && isOld(version)) {
    throw new QueueError("failed", `${shown} is Redis ${version}: a queue needs ${LEAST_VERSION.join(".")} or newer`);
  }
  // Node's warnings go to standard error, can be listened to, and turned off.
  for (const problem of durabilityProblems(facts)) {
    process.emitWarning(`${shown} may lose messages: ${problem}`, { type: "QueueWarning", code: "PROBE_RUN_VOLATILE_REDIS" });
  }
}

/** What is wrong with how this Redis keeps its data, for a queue that must lose nothing. A service that hides a field is not judged by it. */
function durabilityProblems(facts: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  if (facts.get("aof_enabled") === "0") {
    problems.push("it writes no append-only file, so a restart loses what was accepted since its last snapshot, or all of it: set appendonly yes");
  }
  const policy = facts.get("maxmemory_policy");
  if (facts.get("maxmemory") !== "0" && policy !== undefined && policy !== "noeviction") {
    problems.push(`it drops keys when its memory is full (${policy}), and jobs are keys: set maxmemory-policy noeviction`);
  }
  return problems;
}

/** What INFO tells: lines of `name:value`, under headings. */
function factsOf(info: string): Map<string, string> {
  return new Map(info.split("\r\n").flatMap((line) => (/^[^#:]+:/.test(line) ? [line.split(":", 2) as [string, string]] : [])));
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]);
}
