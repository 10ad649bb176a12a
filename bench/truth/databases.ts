import type { Output as MysqlOutput } from "../../probes/data.mysql/schema.js";
import type { Output as PostgresOutput } from "../../probes/data.postgresql/schema.js";
import type { Output as RedisOutput } from "../../probes/data.redis/schema.js";
import { MARIADB_PASSWORD, mariadb, startMariaDb } from "../../test/support/mariadb.js";
import { POSTGRES_PASSWORD, psql, startPostgres } from "../../test/support/postgres.js";
import { programPath } from "../../test/support/programs.js";
import { startRedis } from "../../test/support/redis.js";
import type { Comparison } from "./comparison.js";
import { linesOf, outputOf } from "./program-output.js";

const ROWS = "SELECT id, name FROM orders ORDER BY id";

/** The programs print every value as text. */
const textsOf = (rows: readonly (readonly unknown[])[]): string[][] => rows.map((row) => row.map(String));

export const postgresql: Comparison = {
  probe: "data.postgresql",
  programs: ["postgres", "psql"],
  async compare(ask) {
    const server = await startPostgres();
    try {
      const login = { database: "postgres", auth: { username: "postgres", password: POSTGRES_PASSWORD }, query: { sql: ROWS } };
      const output = await ask<PostgresOutput>("data.postgresql", { target_host: "127.0.0.1", target_port: server.port, ...login });
      const one = (sql: string): string => psql(server.port, [sql]);
      return [
        {
          ...{ subject: "facts and rows", peer: "psql" },
          ours: { version: output.server_version, replica: output.role === "replica", max_connections: output.connections?.max, rows: textsOf(output.rows) },
          theirs: {
            version: one("SHOW server_version"),
            replica: one("SELECT pg_is_in_recovery()") === "t",
            max_connections: Number(one("SHOW max_connections")),
            rows: one(ROWS)
              .split("\n")
              .map((line) => line.split("|")),
          },
        },
      ];
    } finally {
      await server.stop();
    }
  },
};

export const mysql: Comparison = {
  probe: "data.mysql",
  programs: ["mariadbd", "mariadb"],
  async compare(ask) {
    const server = await startMariaDb();
    try {
      const sql = "SELECT id, name FROM shop.orders ORDER BY id";
      const login = { auth: { username: "ann", password: MARIADB_PASSWORD }, query: { sql } };
      const output = await ask<MysqlOutput>("data.mysql", { target_host: "127.0.0.1", target_port: server.port, ...login });
      const one = (question: string): string => mariadb(server.port, question);
      return [
        {
          ...{ subject: "facts and rows", peer: "mariadb" },
          ours: { version: output.server_version, read_only: output.read_only, max_connections: output.connections?.max, rows: textsOf(output.rows) },
          theirs: {
            version: one("SELECT @@version"),
            read_only: one("SELECT @@read_only") === "1",
            max_connections: Number(one("SELECT @@max_connections")),
            rows: one(sql)
              .split("\n")
              .map((line) => line.split("\t")),
          },
        },
      ];
    } finally {
      await server.stop();
    }
  },
};

export const redis: Comparison = {
  probe: "data.redis",
  programs: ["redis-server", "redis-cli"],
  async compare(ask) {
    const server = await startRedis({ isPersistent: false });
    try {
      const cli = async (...words: string[]): Promise<string> =>
        (await outputOf(programPath("redis-cli") as string, ["-p", String(server.port), ...words])).stdout.trim();
      await cli("SET", "greeting", "grüße");
      const read = { command: "GET", arguments: ["greeting"] };
      const output = await ask<RedisOutput>("data.redis", { target_host: "127.0.0.1", target_port: server.port, reads: [read] });
      const info = new Map(linesOf(await cli("INFO")).map((line): [string, string] => line.split(":", 2) as [string, string]));
      return [
        {
          ...{ subject: "facts and a value", peer: "redis-cli" },
          ours: { version: output.server_version, role: output.role, mode: output.mode, values: output.rows.map(([value]) => value) },
          theirs: {
            version: info.get("redis_version"),
            role: info.get("role") === "master" ? "primary" : "replica",
            mode: info.get("redis_mode"),
            values: [await cli("--raw", "GET", "greeting")],
          },
        },
      ];
    } finally {
      await server.stop();
    }
  },
};
