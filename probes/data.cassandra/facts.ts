import type { CassandraRow } from "../../runner/net/cassandra/result.js";
import type { CassandraSession } from "../../runner/net/cassandra/session.js";
import type { Output } from "./schema.js";

type Facts = Partial<Output>;

const LOCAL =
  "SELECT release_version, cql_version, cluster_name, data_center, rack, partitioner, schema_version, toTimestamp(now()) AS node_time FROM system.local";
const PEERS = "SELECT peer, data_center, release_version, schema_version FROM system.peers";
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
/** The last moment that a Date knows. */
const MAX_TIME = 8_640_000_000_000_000n;

/** Two questions of our own, which every user may ask. */
export async function readFacts(session: CassandraSession): Promise<Facts> {
  const sentAt = Date.now();
  const local = await session.query("system.local", LOCAL);
  const [row = new Map()] = local.rows;
  const { rows } = await session.query("system.peers", PEERS);
  const schemas = new Set([row, ...rows].map((each) => each.get("schema_version")?.toString("hex") ?? ""));
  return {
    server_version: text(row, "release_version"),
    cql_version: text(row, "cql_version"),
    cluster_name: text(row, "cluster_name"),
    data_center: text(row, "data_center"),
    rack: text(row, "rack"),
    partitioner: text(row, "partitioner"),
    peers: rows.map((peer) => ({ address: addressOf(peer), data_center: text(peer, "data_center"), server_version: text(peer, "release_version") })),
    schema_agreement: schemas.size === 1,
    ...clockFacts(row, sentAt + local.duration_ms / 2),
  };
}

function clockFacts(row: CassandraRow, now: number): Facts {
  const bytes = row.get("node_time");
  if (bytes?.length !== 8) return {};
  const time = bytes.readBigInt64BE(0);
  if (time > MAX_TIME || time < -MAX_TIME) return {};
  return { server_time: new Date(Number(time)).toISOString(), clock_offset_ms: Math.round(Number(time) - now) };
}

function text(row: CassandraRow, name: string): string | null {
  return row.get(name)?.toString("utf8") ?? null;
}

function addressOf(row: CassandraRow): string {
  const bytes = row.get("peer");
  if (bytes?.length === IPV4_BYTES) return [...bytes].join(".");
  if (bytes?.length !== IPV6_BYTES) return "";
  return (bytes.toString("hex").match(/.{4}/g) ?? []).join(":");
}
