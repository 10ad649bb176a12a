import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.postgresql/schema.js";
import { run, runReport } from "../../../runner/harness/run.js";
import { clientCertificates } from "../../support/client-certificates.js";
import { POSTGRES_PASSWORD, psql, startPostgres, startReplica } from "../../support/postgres.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import type { RunningDaemon } from "../../support/run-daemon.js";

const password = POSTGRES_PASSWORD;
const clients = clientCertificates("cora");
const TLS = { mode: "starttls", verify: "ignore" };

async function ask(port: number, input: object = {}): Promise<Output> {
  const auth = { username: "postgres", password };
  return (
    await run("data.postgresql", { target_host: "127.0.0.1", target_port: port, database: "postgres", command_timeout_ms: 4000, auth, ...input } as never)
  ).output as Output;
}

realServer("postgres", ["postgres", "psql"], () => {
  let server: RunningDaemon;
  beforeAll(async () => {
    server = await startPostgres({ clientAuthority: clients.authority });
  }, 60_000);
  afterAll(() => server.stop());

  const query = (sql: string, more: object = {}): Promise<Output> => ask(server.port, { query: { sql, ...more } });

  test("the same facts as psql", async () => {
    const output = await ask(server.port, {
      tls: TLS,
      expect: { role: "primary", read_only: false, max_connections_percent: 90, max_clock_offset_ms: 60_000 },
    });
    expect(output).toMatchObject({ status: "ok", failure: null, tls: { version: "TLSv1.3" }, role: "primary", replicas: 0, database: "postgres" });
    expect(output.server_version).toBe(psql(server.port, ["SHOW server_version"]));
    expect(output.connections?.max).toBe(30);
    expect(output.ping_ms).toBeGreaterThan(0);
    expect(output.operations.map(({ name }) => name)).toEqual(["connect", "SSLRequest", "TLS", "greeting", "auth", "ready", "ping", "facts"]);
    expect(JSON.stringify(output)).not.toContain(password);
  });

  test("a login by client certificate alone, as psql does it", async () => {
    const shown = (pair: { certificate: string; key: string }): object => ({
      tls: { ...TLS, client_certificate: pair.certificate, client_key: pair.key },
      auth: { username: "cora" },
      query: { sql: "SELECT current_user" },
    });
    const output = await ask(server.port, shown(clients.known));
    expect(output).toMatchObject({ status: "ok", failure: null, auth: { method: "none", accepted: true }, rows: [["cora"]] });
    const [PGSSLCERT, PGSSLKEY] = ["client.pem", "client.key"].map((name) => join(server.folder, name)) as [string, string];
    writeFileSync(PGSSLCERT, clients.known.certificate);
    writeFileSync(PGSSLKEY, clients.known.key, { mode: 0o600 });
    const words = ["-h", "127.0.0.1", "-p", String(server.port), "-U", "cora", "-d", "postgres", "-AtqXc", "SELECT current_user"];
    const env = { ...process.env, PGSSLMODE: "require", PGSSLCERT, PGSSLKEY };
    expect(execFileSync(programPath("psql") as string, words, { encoding: "utf8", env }).trim()).toBe(output.rows[0]?.[0]);
    expect(JSON.stringify(output)).not.toContain(clients.known.key.split("\n")[1] as string);
    expect(await ask(server.port, { ...shown(clients.known), auth: { username: "tess" } })).toMatchObject({ failure: null, rows: [["tess"]] });
    expect(await ask(server.port, shown(clients.unknown))).toMatchObject({ status: "error", failure: expect.objectContaining({ code: expect.any(String) }) });
    expect(await ask(server.port, { ...shown(clients.known), tls: TLS })).toMatchObject({
      ...{ status: "error", failure: { code: "reply_rejected" } },
      server_error: { code: "28000" },
    });
  });

  describe("logins", () => {
    test.each<[user: string, tls: object, method: string]>([
      ["postgres", TLS, "SCRAM-SHA-256-PLUS"],
      ["postgres", { mode: "none" }, "SCRAM-SHA-256"],
      ["mona", { mode: "none" }, "md5"],
      ["cleo", TLS, "cleartext"],
      ["tess", { mode: "none" }, "none"],
    ])("%s %j by %s", async (username, tls, method) => {
      const output = await ask(server.port, { tls, auth: { username, password }, expect: { auth_methods: [method] } });
      expect(output).toMatchObject({ status: "ok", auth: { method, accepted: true } });
      expect(JSON.stringify(output)).not.toContain(password);
    });

    test("channel binding can be required and switched off", async () => {
      const auth = { username: "postgres", password };
      expect(await ask(server.port, { auth: { ...auth, channel_binding: "require" } })).toMatchObject({ failure: { phase: "auth", code: "unsupported" } });
      expect(await ask(server.port, { auth: { username: "mona", password, channel_binding: "require" } })).toMatchObject({ failure: { code: "unsupported" } });
      expect(await ask(server.port, { tls: TLS, auth: { ...auth, channel_binding: "disable" } })).toMatchObject({ auth: { method: "SCRAM-SHA-256" } });
    });

    test("a password in plain text needs permission", async () => {
      const auth = { username: "cleo", password };
      expect(await ask(server.port, { auth })).toMatchObject({
        failure: { phase: "auth", code: "not_permitted" },
        auth: { method: null },
        auth_requested: "cleartext",
      });
      expect(await ask(server.port, { auth: { ...auth, allow_plaintext: true } })).toMatchObject({ status: "ok", auth: { method: "cleartext" } });
    });

    test.each<[what: string, input: object, code: string]>([
      ["a wrong password", { auth: { username: "postgres", password: "wrong-password" } }, "28P01"],
      ["a wrong password by md5", { auth: { username: "mona", password: "wrong-password" } }, "28P01"],
      ["a user who is not let in", { auth: { username: "rita", password } }, "28000"],
      ["a database that does not exist", { database: "nothing" }, "3D000"],
    ])("%s", async (_, input, code) => {
      const output = await ask(server.port, input);
      expect(output).toMatchObject({ status: "error", failure: { code: "reply_rejected", retryable: false }, server_error: { code } });
    });

    test("no password", async () => {
      expect(await ask(server.port, { auth: { username: "postgres" } })).toMatchObject({ failure: { phase: "auth", code: "not_permitted" } });
    });
  });

  describe("queries", () => {
    test("values by their types", async () => {
      const sql = `SELECT 1::int4, 9007199254740993::int8, 1.50::numeric, 'NaN'::float8, 2.5::float8, true, NULL, 'grüße', '\\xff00'::bytea, date '2026-11-29',
        12345678901234567890.5::numeric`;
      const output = await query(sql, {});
      expect(output.rows).toEqual([[1, "9007199254740993", 1.5, "NaN", 2.5, true, null, "grüße", "\\xff00", "2026-11-29", "12345678901234567890.5"]]);
      expect(output.query?.columns.map(({ type }) => type).slice(0, 6)).toEqual(["int4", "int8", "numeric", "float8", "float8", "bool"]);
      expect(output.query?.first_row_ms).toBeGreaterThan(0);
    });

    test("parameters are values, and nothing else", async () => {
      const sql = "SELECT id FROM orders WHERE name = $1 OR $2::int = id ORDER BY id";
      expect((await query(sql, { parameters: ["one", 3] })).rows).toEqual([[1], [3]]);
      expect((await query(sql, { parameters: ["' OR true --", null] })).rows).toEqual([]);
      expect(await query(sql, { parameters: ["one"] })).toMatchObject({ failure: { phase: "query", code: "reply_rejected" }, server_error: { code: "08P01" } });
    });

    test("a limit of rows, and a long value", async () => {
      const output = await query("SELECT generate_series(1, 1000000)", { max_rows: 3 });
      expect(output).toMatchObject({ status: "ok", rows: [[1], [2], [3]], row_count: 3, query: { truncated: true } });
      expect(await query("SELECT repeat('x', 10000)")).toMatchObject({ query: { truncated: true }, rows: [["x".repeat(4096)]] });
      expect(await query("SELECT repeat('x', 2000000)")).toMatchObject({ failure: { phase: "query", code: "limit_exceeded" } });
    });

    test("expectations", async () => {
      const wanted = { value: { min: 5 }, row_count: 3, rows: { contains: ["two"] }, max_query_ms: 0.000001, role: "replica" };
      const output = await ask(server.port, { query: { sql: "SELECT name FROM orders" }, expect: wanted });
      expect(output.findings.map(({ reason }) => reason)).toEqual(["role_differs", "value_differs", "slow_query"]);
    });

    test.each<[sql: string, failure: object, code: string | null]>([
      ["INSERT INTO orders (name) VALUES ('x') RETURNING id", { code: "reply_rejected" }, "25006"],
      ["WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone", { code: "reply_rejected" }, "25006"],
      ["EXPLAIN ANALYZE DELETE FROM orders", { code: "reply_rejected" }, "25006"],
      ["SELECT nextval('orders_id_seq')", { code: "reply_rejected" }, "25006"],
      ["SELECT 1; DROP TABLE orders", { code: "reply_rejected" }, "42601"],
      ["COMMIT; DELETE FROM orders", { code: "reply_rejected" }, "42601"],
      ["COMMIT", { code: "not_permitted" }, null],
      ["DROP TABLE orders", { code: "not_permitted" }, null],
      ["SET default_transaction_read_only = off", { code: "not_permitted" }, null],
      ["COPY orders TO PROGRAM 'cat > stolen'", { code: "not_permitted" }, null],
      ["ALTER SYSTEM SET work_mem = '1GB'", { code: "not_permitted" }, null],
      ["NOTIFY channel", { code: "not_permitted" }, null],
      ["SELEC 1", { code: "reply_rejected" }, "42601"],
      [" ", { code: "not_permitted" }, null],
    ])("%s changes nothing", async (sql, failure, code) => {
      expect(await query(sql)).toMatchObject({
        status: "error",
        failure: { phase: "query", ...failure },
        server_error: code === null ? null : { code },
        rows: [],
      });
      expect(psql(server.port, ["SELECT count(*) FROM orders"])).toBe("3");
    });

    const sleeping = (): string => psql(server.port, ["SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"]);

    test("the server ends a slow statement itself", async () => {
      expect(await ask(server.port, { command_timeout_ms: 1000, query: { sql: "SELECT pg_sleep(60)" } })).toMatchObject({
        failure: { phase: "query", code: "timeout" },
      });
      await expect.poll(sleeping, { timeout: 10_000 }).toBe("0");
    });

    test("a run that is cancelled leaves no statement behind", async () => {
      const input = { target_host: "127.0.0.1", target_port: server.port, database: "postgres", auth: { username: "postgres", password } };
      const cancel = new AbortController();
      const running = runReport("data.postgresql", { ...input, command_timeout_ms: 600_000, query: { sql: "SELECT pg_sleep(60)" } }, { signal: cancel.signal });
      await expect.poll(sleeping, { timeout: 10_000 }).toBe("1");
      cancel.abort();
      expect((await running).carried).toMatchObject({ failure: { phase: "query", code: "cancelled" } });
      await expect.poll(sleeping, { timeout: 10_000 }).toBe("0");
    }, 30_000);
  });

  test("a replica", async () => {
    const replica = await startReplica(server.port);
    try {
      await expect.poll(() => psql(server.port, ["SELECT count(*) FROM pg_stat_replication"]), { timeout: 10_000 }).toBe("1");
      expect(await ask(server.port, { expect: { min_replicas: 1 } })).toMatchObject({ status: "ok", replicas: 1 });
      await expect
        .poll(() => ask(replica.port, { expect: { role: "replica", read_only: true, max_replication_lag_s: 60 } }), { timeout: 10_000 })
        .toMatchObject({ status: "ok", role: "replica", read_only: true });
    } finally {
      await replica.stop();
    }
  }, 60_000);
});
