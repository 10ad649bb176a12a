import { QueueError } from "../queue-error.js";
import type { Connection } from "./connection.js";

/** The oldest version that BullMQ supports. */
const LEAST_VERSION = [6, 2] as const;

/** Rejects a server that is too old, and warns about one that may lose messages. */
export async function inspect(connection: Connection): Promise<void> {
  const { shown } = connection.address;
  const facts = factsOf(await connection.guard(() => connection.client.info()));
  const version = facts.get("redis_version");
  if (version !== undefined && isOld(version)) {
    throw new QueueError("failed", `${shown} is Redis ${version}: version ${LEAST_VERSION.join(".")} or newer is required`);
  }
  // A warning of Node is printed to standard error, can be listened to, and can be disabled.
  for (const problem of durabilityProblems(facts)) {
    process.emitWarning(`${shown} may lose messages: ${problem}`, { type: "QueueWarning", code: "PROBE_RUN_VOLATILE_REDIS" });
  }
}

/** The settings with which this Redis may lose messages. A hosted service may hide fields; those are not checked. */
function durabilityProblems(facts: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  if (facts.get("aof_enabled") === "0") {
    problems.push("it has no append-only file, so a restart loses everything since the last snapshot, or all: set appendonly yes");
  }
  const policy = facts.get("maxmemory_policy");
  if (facts.get("maxmemory") !== "0" && policy !== undefined && policy !== "noeviction") {
    problems.push(`it evicts keys, and so jobs, when its memory is full (${policy}): set maxmemory-policy noeviction`);
  }
  return problems;
}

/** The fields of INFO: lines of `name:value`, under headings. */
function factsOf(info: string): Map<string, string> {
  return new Map(info.split("\r\n").flatMap((line) => (/^[^#:]+:/.test(line) ? [line.split(":", 2) as [string, string]] : [])));
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]);
}
