import type { Evidence } from "../../runner/harness/define-probe.js";
import type { BsonDocument, BsonValue, CommandValue } from "../../runner/net/mongodb/bson.js";
import type { MongoSession } from "../../runner/net/mongodb/session.js";
import { failureError } from "../../runner/run/failure-error.js";
import type { Violation } from "../../runner/support/request-error.js";
import type { DataValue } from "../../schemas/data.js";
import { documents } from "./facts.js";
import type { Input, Output } from "./schema.js";

const MAX_VALUE_CHARACTERS = 4096;
/** Of the time that a reply may take: the server's own words on its end arrive in time. */
const SERVER_TIMEOUT_PART = 0.9;
/** They run a program in the server. */
const PROGRAMS: ReadonlySet<string> = new Set(["$where", "$function", "$accumulator"]);
const MAX_DEPTH = 16;
const MAX_FILTER_CHARACTERS = 16_384;

type Find = NonNullable<Input["find"]>;

export function filterViolations({ find }: Input): Violation[] {
  if (find === undefined) return [];
  const violation = (message: string): Violation[] => [{ pointer: "/find/filter", message, hint: null }];
  if (JSON.stringify(find.filter).length > MAX_FILTER_CHARACTERS) return violation(`has more than ${MAX_FILTER_CHARACTERS} characters`);
  const problem = problemIn(find.filter, 0);
  return problem === null ? [] : violation(problem);
}

function problemIn(value: unknown, depth: number): string | null {
  if (value === null || typeof value !== "object") return null;
  if (depth > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} deep`;
  for (const [key, inside] of Object.entries(value)) {
    if (PROGRAMS.has(key)) return `holds ${key}, which runs a program in the server`;
    if (key.includes("\0")) return "holds a key with NUL";
    const problem = problemIn(inside, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

/** One find, of one batch: the server keeps no cursor. */
export async function read(find: Find, commandTimeoutMs: number, session: MongoSession, evidence: Evidence<Output>): Promise<void> {
  const { document, duration_ms } = await session.require("query", find.database, {
    find: find.collection,
    filter: find.filter as { [key: string]: CommandValue },
    projection: projectionOf(find.fields),
    ...(find.sort.length === 0 ? {} : { sort: Object.fromEntries(find.sort.map(({ field, descending }) => [field, descending ? -1 : 1])) }),
    limit: find.max_rows + 1,
    singleBatch: true,
    maxTimeMS: Math.max(1, Math.floor(commandTimeoutMs * SERVER_TIMEOUT_PART)),
    // A replica answers only those who allow it.
    $readPreference: { mode: "primaryPreferred" },
  });
  const cursor = document.get("cursor");
  if (!(cursor instanceof Map)) throw failureError("query", "protocol_violation", "the answer has no documents");
  const found = documents(cursor.get("firstBatch"));
  if (found.length > find.max_rows + 1) throw failureError("query", "protocol_violation", `more than the ${find.max_rows + 1} documents that were asked for`);
  evidence.query_ms = duration_ms;
  evidence.truncated = found.length > find.max_rows;
  evidence.rows = found.slice(0, find.max_rows).map((each) => find.fields.map((field) => shown(valueAt(each, field), evidence)));
  evidence.row_count = evidence.rows.length;
}

/** A field and one within it cannot both be asked for: the outer one brings both. */
function projectionOf(fields: readonly string[]): { [key: string]: CommandValue } {
  const outer = fields.filter((field) => !fields.some((other) => field.startsWith(`${other}.`)));
  const isAsked = outer.some((field) => field === "_id" || field.startsWith("_id."));
  return { ...(isAsked ? {} : { _id: 0 }), ...Object.fromEntries(outer.map((field) => [field, 1])) };
}

function valueAt(document: BsonDocument, path: string): BsonValue {
  let value: BsonValue | undefined = document;
  for (const part of path.split("."))
    value = value instanceof Map ? value.get(part) : Array.isArray(value) && /^\d{1,4}$/.test(part) ? value[Number(part)] : undefined;
  return value ?? null;
}

function shown(value: BsonValue, evidence: Evidence<Output>): DataValue {
  const simple = Buffer.isBuffer(value) ? value.toString("hex") : value !== null && typeof value === "object" ? JSON.stringify(plain(value)) : value;
  if (typeof simple !== "string" || simple.length <= MAX_VALUE_CHARACTERS) return simple;
  evidence.truncated = true;
  return simple.slice(0, MAX_VALUE_CHARACTERS);
}

/** A document or a list, for JSON. */
function plain(value: BsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inside]) => [key, plain(inside)]));
  if (Array.isArray(value)) return value.map(plain);
  return Buffer.isBuffer(value) ? value.toString("hex") : value;
}
