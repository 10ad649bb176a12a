import { parseInfo, parsePairs, parseParts } from "../../runner/net/redis/info.js";
import type { RedisReply } from "../../runner/net/redis/resp.js";
import type { Output } from "./schema.js";

type Facts = Partial<Output>;
type Info = ReadonlyMap<string, string>;

/** The most primaries of a Sentinel that are shown. */
const MAX_WATCHED = 100;

/** What HELLO says: the only source for users who may not run INFO. */
export function helloFacts(reply: RedisReply): Facts {
  const pairs = parsePairs(reply);
  const textOf = (name: string): string | null => {
    const value = pairs.get(name);
    return value?.type === "bulk" ? value.bytes.toString("utf8") : value?.type === "status" ? value.text : null;
  };
  return { server_name: textOf("server"), server_version: textOf("version"), mode: textOf("mode"), role: roleOf(textOf("role"), textOf("mode")) };
}

/** What INFO says; empty if it may not be read. */
export function infoFacts(reply: RedisReply): Facts {
  const info = parseInfo(reply);
  if (info === null) return {};
  const text = (name: string): string | null => info.get(name) ?? null;
  const mode = text("redis_mode") ?? text("server_mode");
  const isOk = (name: string): boolean | null => (info.has(name) ? info.get(name) === "ok" : null);
  return {
    server_name: text("server_name") ?? "redis",
    server_version: text("valkey_version") ?? text("redis_version"),
    mode,
    role: roleOf(text("role"), mode),
    uptime_s: whole(info, "uptime_in_seconds"),
    loading: info.has("loading") ? info.get("loading") !== "0" : null,
    clients: { connected: whole(info, "connected_clients"), max: whole(info, "maxclients") },
    memory: { used_bytes: whole(info, "used_memory"), limit_bytes: whole(info, "maxmemory"), policy: text("maxmemory_policy") },
    persistence: { last_save_ok: isOk("rdb_last_bgsave_status"), last_append_ok: isOk("aof_last_write_status") },
    replication: replicationOf(info),
    sentinel: watchedBy(info),
  };
}

export function clusterFacts(reply: RedisReply): Output["cluster"] {
  const info = parseInfo(reply);
  if (info === null) return null;
  return {
    state: info.get("cluster_state") ?? null,
    slots_ok: whole(info, "cluster_slots_ok"),
    known_nodes: whole(info, "cluster_known_nodes"),
    primaries: whole(info, "cluster_size"),
  };
}

/** The answer to TIME: seconds and microseconds. */
export function timeOf(reply: RedisReply): number | null {
  if (reply.type !== "list") return null;
  const [seconds, microseconds] = reply.items.map((item) => (item.type === "bulk" ? item.bytes.toString("latin1") : ""));
  if (!/^\d{1,11}$/.test(seconds ?? "") || !/^\d{1,6}$/.test(microseconds ?? "")) return null;
  return Number(seconds) * 1000 + Number(microseconds) / 1000;
}

function replicationOf(info: Info): Output["replication"] {
  if (!info.has("role")) return null;
  return {
    replicas: whole(info, "connected_slaves"),
    primary_host: info.get("master_host") ?? null,
    primary_port: whole(info, "master_port"),
    primary_link: info.get("master_link_status") ?? null,
    primary_last_io_s: whole(info, "master_last_io_seconds_ago"),
    stream_bytes: whole(info, "slave_repl_offset") ?? whole(info, "master_repl_offset"),
  };
}

function watchedBy(info: Info): Output["sentinel"] {
  const names = [...info.keys()].filter((name) => name.startsWith("master") && /^master\d+$/.test(name)).slice(0, MAX_WATCHED);
  return names.map((master) => {
    const parts = parseParts(info.get(master) ?? "");
    const text = (name: string): string => parts.get(name) ?? "";
    return { name: text("name"), status: text("status"), address: text("address"), replicas: whole(parts, "slaves"), sentinels: whole(parts, "sentinels") };
  });
}

function roleOf(role: string | null, mode: string | null): Output["role"] {
  if (mode === "sentinel") return "sentinel";
  if (role === "master" || role === "primary") return "primary";
  return role === "slave" || role === "replica" ? "replica" : null;
}

/** A whole number that JSON holds exactly; Redis writes -1 for what it does not know. */
function whole(info: Info, name: string): number | null {
  const text = info.get(name) ?? "";
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : null;
}
