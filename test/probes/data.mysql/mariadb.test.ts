import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.mysql/schema.js";
import { run } from "../../../runner/harness/run.js";
import { MARIADB_PASSWORD, mariadb, startMariaDb, startMariaDbReplica } from "../../support/mariadb.js";
import { realServer } from "../../support/real-servers.js";
import type { RunningDaemon } from "../../support/run-daemon.js";

const password = MARIADB_PASSWORD;
const TLS = { mode: "starttls", verify: "ignore" };

async function ask(port: number, input: object = {}): Promise<Output> {
  const auth = { username: "ann", password };
  return (await run("data.mysql", { target_host: "127.0.0.1", target_port: port, database: "shop", command_timeout_ms: 4000, auth, ...input } as never))
    .output as Output;
}

realServer("mariadb", ["mariadbd", "mariadb", "mariadb-install-db"], () => {
  let server: RunningDaemon;
  beforeAll(async () => {
    server = await startMariaDb();
  }, 120_000);
  afterAll(() => server.stop());

  const query = (sql: string, more: object = {}): Promise<Output> => ask(server.port, { query: { sql, ...more } });

  test("the same facts as the mariadb client", async () => {
    const output = await ask(server.port, {
      tls: TLS,
      expect: { role: "primary", read_only: false, max_connections_percent: 90, max_clock_offset_ms: 60_000 },
    });
    expect(output).toMatchObject({ status: "ok", failure: null, tls: { version: "TLSv1.3" }, role: "primary", offers_tls: true, database: "shop" });
    expect(output.server_version).toBe(mariadb(server.port, "SELECT @@version"));
    expect(output.server_name).toBe(mariadb(server.port, "SELECT @@version_comment"));
    expect(output.connections?.max).toBe(30);
    expect(output.ping_ms).toBeGreaterThan(0);
    expect(output.operations.map(({ name }) => name)).toEqual(["connect", "greeting", "TLS", "auth", "ping", "facts", "status", "replication"]);
    expect(JSON.stringify(output)).not.toContain(password);
  });

  describe("logins", () => {
    test.each<[user: string, tls: object, method: string]>([
      ["ann", TLS, "mysql_native_password"],
      ["ann", { mode: "none" }, "mysql_native_password"],
      ["eddy", TLS, "client_ed25519"],
      ["eddy", { mode: "none" }, "client_ed25519"],
    ])("%s %j by %s", async (username, tls, method) => {
      const output = await ask(server.port, { tls, auth: { username, password }, expect: { auth_methods: [method] } });
      expect(output).toMatchObject({ status: "ok", auth: { method, accepted: true } });
      expect(JSON.stringify(output)).not.toContain(password);
    });

    test.each<[what: string, input: object, code: string]>([
      ["a wrong password", { auth: { username: "ann", password: "wrong-password" } }, "1045"],
      ["a wrong password by ed25519", { auth: { username: "eddy", password: "wrong-password" } }, "1045"],
      ["no password", { auth: { username: "ann" } }, "1045"],
      ["a database that does not exist", { database: "nothing" }, "1049"],
    ])("%s", async (_, input, code) => {
      expect(await ask(server.port, input)).toMatchObject({
        status: "error",
        failure: { phase: "auth", code: "reply_rejected", retryable: false },
        server_error: { code },
      });
    });

    test("a user without a password, without the privilege to see replication", async () => {
      const output = await ask(server.port, { auth: { username: "nora" } });
      expect(output).toMatchObject({ status: "ok", auth: { accepted: true }, role: null, replication: null });
    });

    test("without a login only the greeting is read", async () => {
      const { auth: _, ...rest } = { auth: null, target_host: "127.0.0.1", target_port: server.port };
      const { output } = await run("data.mysql", rest);
      expect(output).toMatchObject({ status: "ok", auth: null, offers_tls: true, server_version: expect.stringContaining("MariaDB") });
    });
  });

  describe("queries", () => {
    test("values by their types", async () => {
      const sql = `SELECT 1, CAST(-2 AS SIGNED), 18446744073709551615, 1.50, 12345678901234567890.5, 2.5e0, NULL, 'grüße', x'ff00', DATE '2026-11-29',
        TIMESTAMP '2026-11-29 12:00:00.000001', TIME '-25:01:02'`;
      const row = [
        1,
        -2,
        "18446744073709551615",
        1.5,
        "12345678901234567890.5",
        2.5,
        null,
        "grüße",
        "ff00",
        "2026-11-29",
        "2026-11-29 12:00:00.000001",
        "-25:01:02",
      ];
      expect((await query(sql)).rows).toEqual([row]);
    });

    test("parameters are values, and nothing else", async () => {
      const sql = "SELECT id FROM orders WHERE name = ? OR id = ? ORDER BY id";
      expect((await query(sql, { parameters: ["one", 3] })).rows).toEqual([[1], [3]]);
      expect((await query(sql, { parameters: ["' OR 1=1 -- ", null] })).rows).toEqual([]);
      expect((await query("SELECT ?, ?, ?", { parameters: [1.5, true, "grüße"] })).rows).toEqual([[1.5, 1, "grüße"]]);
      expect(await query(sql, { parameters: ["one"] })).toMatchObject({ failure: { phase: "query", code: "not_permitted" } });
    });

    test("a limit of rows, and a long value", async () => {
      expect(await query("SELECT seq FROM seq_1_to_1000000", { max_rows: 3 })).toMatchObject({
        status: "ok",
        rows: [[1], [2], [3]],
        query: { truncated: true },
      });
      expect(await query("SELECT seq FROM seq_1_to_100000 LIMIT 50000", { max_rows: 3 })).toMatchObject({
        status: "ok",
        row_count: 3,
        query: { truncated: true },
      });
      expect(await query("SELECT seq FROM seq_1_to_3", { max_rows: 3 })).toMatchObject({ row_count: 3, query: { truncated: false } });
      expect(await query("SELECT REPEAT('x', 10000)")).toMatchObject({ query: { truncated: true }, rows: [["x".repeat(4096)]] });
      expect(await query("SELECT REPEAT('x', 2000000)")).toMatchObject({ failure: { phase: "query", code: "limit_exceeded" } });
    });

    test.each<[sql: string, code: string, number: string | null]>([
      ["INSERT INTO orders (name) VALUES ('x') RETURNING id", "reply_rejected", "1792"],
      ["DELETE FROM orders RETURNING id", "reply_rejected", "1792"],
      ["INSERT INTO orders (name) VALUES ('x')", "reply_rejected", "1792"],
      ["SELECT writing()", "reply_rejected", "1792"],
      ["SELECT 1; DROP TABLE orders", "reply_rejected", "1064"],
      ["SELEC 1", "reply_rejected", "1064"],
      ["SELECT 1) AND (SELECT 2", "reply_rejected", "1064"],
      ["OPTIMIZE TABLE orders", "not_permitted", null],
      ["/* SELECT */ ANALYZE TABLE orders", "not_permitted", null],
      ["-- SELECT\nREPAIR TABLE orders", "not_permitted", null],
      ["SHOW TABLES", "not_permitted", null],
      ["COMMIT", "not_permitted", null],
      ["SET GLOBAL read_only = 1", "not_permitted", null],
      ["SELECT * FROM orders INTO OUTFILE 'stolen'", "not_permitted", null],
      ["SELECT id FROM orders LIMIT 1 INTO @x", "not_permitted", null],
      ["FLUSH TABLES", "not_permitted", null],
      ["SHUTDOWN", "not_permitted", null],
      ["CALL changing()", "not_permitted", null],
    ])("%s changes nothing", async (sql, code, number) => {
      const output = await query(sql);
      expect(output).toMatchObject({ status: "error", failure: { phase: "query", code }, rows: [] });
      if (number !== null) expect(output.server_error?.code).toBe(number);
      expect(mariadb(server.port, "SELECT COUNT(*) FROM shop.orders; SELECT @@read_only").split("\n")).toEqual(["3", "0"]);
    });

    test.each(["DROP TABLE orders", "TRUNCATE orders", "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE orders", "ANALYZE DELETE FROM orders"])(
      "%s fails",
      async (sql) => {
        expect(await query(sql)).toMatchObject({ status: "error", failure: { phase: "query" }, rows: [] });
        expect(mariadb(server.port, "SELECT COUNT(*) FROM shop.orders")).toBe("3");
      },
    );

    test.each([
      "WITH a AS (SELECT 7 AS b) SELECT b FROM a",
      "VALUES (7)",
      "(SELECT 7) UNION (SELECT 7)",
      "SELECT 7 -- of nine",
      "SELECT 7, 7 FROM orders WHERE id = 1",
    ])("%s is a query", async (sql) => {
      expect(await query(sql, { max_rows: 1 })).toMatchObject({ status: "ok", row_count: 1 });
    });

    test("rows stand in their order", async () => {
      expect((await query("SELECT name FROM orders ORDER BY id DESC")).rows).toEqual([["three"], ["two"], ["one"]]);
    });

    test("the server ends a slow statement itself", async () => {
      expect(await ask(server.port, { command_timeout_ms: 1000, query: { sql: "SELECT SLEEP(60)" } })).toMatchObject({
        failure: { phase: "query", code: "timeout" },
      });
      await expect
        .poll(() => mariadb(server.port, "SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(60)'"), { timeout: 10_000 })
        .toBe("0");
    });
  });

  test("a replica, and one that has stopped", async () => {
    const replica = await startMariaDbReplica(server.port);
    try {
      await expect
        .poll(() => ask(replica.port, { expect: { role: "replica", max_replication_lag_s: 60 } }), { timeout: 20_000 })
        .toMatchObject({ status: "ok", role: "replica", replication: { source_host: "127.0.0.1", io_running: "Yes", sql_running: "Yes" } });
      expect(await ask(server.port)).toMatchObject({ status: "ok", replicas: 1 });
      mariadb(replica.port, "STOP SLAVE");
      expect(await ask(replica.port)).toMatchObject({ status: "warning", role: "replica", findings: [{ reason: "replication_stopped" }] });
    } finally {
      await replica.stop();
    }
  }, 120_000);
});
