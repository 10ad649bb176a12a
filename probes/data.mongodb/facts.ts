import type { BsonDocument, BsonValue } from "../../runner/net/mongodb/bson.js";
import type { Output } from "./schema.js";

type Facts = Partial<Output>;

const MAX_MEMBERS = 50;

/** The answer to hello, or to isMaster of servers before version 5. */
export function helloFacts(hello: BsonDocument, now: number): Facts {
  const time = Date.parse(text(hello.get("localTime")) ?? "");
  return {
    role: roleOf(hello),
    set_name: text(hello.get("setName")),
    primary: text(hello.get("primary")),
    max_wire_version: whole(hello.get("maxWireVersion")),
    read_only: typeof hello.get("readOnly") === "boolean" ? (hello.get("readOnly") as boolean) : null,
    ...(Number.isNaN(time) ? {} : { server_time: new Date(time).toISOString(), clock_offset_ms: Math.round(time - now) }),
  };
}

function roleOf(hello: BsonDocument): Output["role"] {
  if (hello.get("msg") === "isdbgrid") return "router";
  const isPrimary = hello.get("isWritablePrimary") === true || hello.get("ismaster") === true;
  if (hello.get("setName") === undefined) return isPrimary ? "standalone" : null;
  if (isPrimary) return "primary";
  if (hello.get("arbiterOnly") === true) return "arbiter";
  return hello.get("secondary") === true ? "replica" : null;
}

/** The answer to replSetGetStatus. */
export function statusFacts(status: BsonDocument): Facts {
  const all = documents(status.get("members")).slice(0, MAX_MEMBERS);
  const writtenAt = (member: BsonDocument | undefined): number => Date.parse(text(member?.get("optimeDate")) ?? "");
  const latest = writtenAt(all.find((member) => member.get("stateStr") === "PRIMARY"));
  const lagOf = (member: BsonDocument): number | null => {
    const lag = Math.max(0, (latest - writtenAt(member)) / 1000);
    return Number.isNaN(lag) ? null : lag;
  };
  const members = all.map((member) => ({
    name: text(member.get("name")) ?? "",
    state: text(member.get("stateStr")) ?? "",
    is_healthy: member.get("health") === 1,
    lag_s: member.get("stateStr") === "SECONDARY" ? lagOf(member) : null,
  }));
  return { members, replication_lag_s: members[all.findIndex((member) => member.get("self") === true)]?.lag_s ?? null };
}

export function documents(value: BsonValue | undefined): BsonDocument[] {
  return Array.isArray(value) ? value.filter((each): each is BsonDocument => each instanceof Map) : [];
}

export function text(value: BsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function whole(value: BsonValue | undefined): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}
