import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.mssql/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startTdsServer, type TdsServerSettings } from "../../../runner/lab/tds-server.js";
import type { Listener } from "../../../runner/net/transport/listen.js";
import { WAYS } from "../../support/byte-ways.js";
import { certificate, testAuthority } from "../../support/certificates.js";
import { endless, peer } from "../../support/peer.js";
import { startTdsOverTls } from "../../support/tds-over-tls.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const account = { username: "ann", password: "correct-horse" };
const auth = { ...account, allow_plaintext: true };

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("data.mssql", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 10_000, ...input } as never)).output as Output;
}

async function serve(settings: TdsServerSettings, input: object = {}): Promise<Output> {
  const server = await startTdsServer(settings);
  open.push(server);
  return ask(server.port, input);
}

async function answers(texts: readonly Buffer[], input: object = {}): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    const server = await peer(
      texts.map((text) => text.toString("latin1")),
      way,
    );
    open.push(server);
    outputs.push(await ask(server.port, { command_timeout_ms: 400, ...input }));
  }
  return outputs;
}

/** Written by hand from [MS-TDS] 2.2.3.1 and 2.2.6.5. */
const packet = (body: string, { type = "04", status = "01" } = {}): Buffer => {
  const bytes = Buffer.from(body.replace(/ /g, ""), "hex");
  return Buffer.concat([Buffer.from(type + status, "hex"), Buffer.of(0, bytes.length + 8, 0, 0, 1, 0), bytes]);
};
const preLogin = (encryption: string): Buffer => packet(`00 000b 0006 01 0011 0001 ff 0f 00 10c3 0000 ${encryption}`);

describe("before the login", () => {
  test.each<[what: string, encryption: string, expected: string]>([
    ["off", "00", "off"],
    ["on", "01", "on"],
    ["not supported", "02", "not_supported"],
    ["on, with a client certificate", "81", "on"],
  ])("a SQL Server 2019 with encryption %s", async (_, encryption, expected) => {
    for (const output of await answers([preLogin(encryption)]))
      expect(output).toMatchObject({ status: "ok", server_version: "15.0.4291", encryption: expected, auth: null });
  });

  test("a server that takes encrypted sessions only", async () => {
    for (const output of await answers([preLogin("03")]))
      expect(output).toMatchObject({ failure: { phase: "starttls", code: "not_permitted" }, server_version: "15.0.4291", encryption: "required" });
  });

  test("an answer of two packets", async () => {
    const [first, second] = [packet("00 000b 0006 01 0011 0001 ff", { status: "00" }), packet("0f 00 10c3 0000 02")];
    for (const output of await answers([Buffer.concat([first as Buffer, second as Buffer])]))
      expect(output).toMatchObject({ status: "ok", server_version: "15.0.4291" });
  });

  test.each<[what: string, answer: Buffer, failure: object]>([
    ["silence", Buffer.alloc(0), { phase: "greeting", code: "timeout" }],
    ["half a header", Buffer.of(4, 1, 0), { phase: "greeting", code: "timeout" }],
    ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), { phase: "greeting", code: "protocol_violation" }],
    ["a packet of 3 bytes", Buffer.of(4, 1, 0, 3, 0, 0, 1, 0), { phase: "greeting", code: "protocol_violation" }],
    ["options without an end", packet("00 000b 0006"), { phase: "greeting", code: "protocol_violation" }],
    ["an option outside of the message", packet("00 00ff 0006 ff"), { phase: "greeting", code: "protocol_violation" }],
    ["no version", packet("01 0006 0001 ff 00"), { phase: "greeting", code: "protocol_violation" }],
    ["an unknown kind of encryption", preLogin("07"), { phase: "greeting", code: "protocol_violation" }],
  ])("%s", async (_, answer, failure) => {
    for (const output of await answers([answer])) expect(output).toMatchObject({ status: "error", failure });
  });

  test("a message without an end", async () => {
    const server = await endless(packet("00".repeat(200), { status: "00" }).toString("latin1"));
    open.push(server);
    expect(await ask(server.port)).toMatchObject({ failure: { phase: "greeting", code: "limit_exceeded" } });
  });

  test("a server without TLS cannot start it", async () => {
    expect(await serve({ encryption: "not_supported" }, { tls: { mode: "starttls" } })).toMatchObject({ failure: { phase: "starttls", code: "unsupported" } });
  });
});

describe("a login", () => {
  const sql = "SELECT name, size, note FROM files WHERE id > @p1";
  const queries = [
    {
      sql,
      columns: ["name", "size", "note"],
      rows: [
        ["a", 1, null],
        ["b", 2, "x".repeat(3000)],
        ["c", 3, null],
      ],
    },
  ];

  test("facts, and the rows of a query", async () => {
    const output = await serve({ account, queries }, { auth, query: { sql, parameters: [7] }, expect: { row_count: 3, role: "primary" } });
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      auth: { method: "sql_server", accepted: true },
      server_version: "16.0.4085",
      edition: "Developer Edition (64-bit)",
      database: "master",
      role: "primary",
      read_only: false,
      uptime_s: 3600,
      connections: { used: 3, max: 32_767 },
      rows: [
        ["a", 1, null],
        ["b", 2, "x".repeat(3000)],
        ["c", 3, null],
      ],
      query: { truncated: false, columns: [{ name: "name" }, { name: "size" }, { name: "note" }] },
    });
    expect(Math.abs(output.clock_offset_ms ?? Number.NaN)).toBeLessThan(60_000);
    expect(output.operations.map(({ name }) => name)).toEqual([
      "connect",
      "PRELOGIN",
      "LOGIN7",
      "ping",
      "facts",
      "state",
      "describe",
      "describe",
      "BEGIN TRANSACTION",
      "query",
      "ROLLBACK",
    ]);
    expect(JSON.stringify(output)).not.toContain("correct-horse");
  });

  test("more rows than were asked for", async () => {
    expect(await serve({ account, queries }, { auth, query: { sql, parameters: [7], max_rows: 2 } })).toMatchObject({
      row_count: 2,
      query: { truncated: true },
    });
  });

  test("a wrong password, and a password that would be sent in plain text", async () => {
    expect(await serve({ account }, { auth: { ...auth, password: "wrong-password" } })).toMatchObject({
      failure: { phase: "auth", code: "reply_rejected", retryable: false },
      auth: { accepted: false },
      server_error: { code: "18456" },
    });
    expect(await serve({ account }, { auth: account })).toMatchObject({ failure: { phase: "auth", code: "not_permitted" } });
  });

  test("a user who may not see the server's state", async () => {
    expect(await serve({ seesState: false }, { auth })).toMatchObject({
      status: "ok",
      uptime_s: null,
      connections: { used: null, max: 32_767 },
      server_error: { code: "300" },
    });
  });

  test("a text that is not one SELECT is not executed", async () => {
    const output = await serve({ account, queries }, { auth, query: { sql: "DELETE FROM files" } });
    expect(output).toMatchObject({ failure: { phase: "query" }, query: null });
    expect(output.operations.at(-1)?.name).toBe("describe");
  });

  test("a server that goes away, or says nothing, after the login", async () => {
    const silent = await peer([preLogin("02").toString("latin1")]);
    open.push(silent);
    expect(await ask(silent.port, { auth, command_timeout_ms: 1000 })).toMatchObject({ failure: { phase: "auth", code: "timeout" } });
    expect(await ask(silent.port, { auth, timeout_ms: 1500 })).toMatchObject({ failure: { phase: "auth", code: "timeout" } });
  });

  test("an answer to the login that is another protocol's", async () => {
    const server = await peer([preLogin("02").toString("latin1"), packet("ee".repeat(40)).toString("latin1")]);
    open.push(server);
    expect(await ask(server.port, { auth })).toMatchObject({ failure: { phase: "auth", code: "protocol_violation" } });
  });

  test("an endless answer to the login", async () => {
    const server: Listener = await endless(packet("aa".repeat(200), { status: "00" }).toString("latin1"), "");
    open.push(server);
    expect(await ask(server.port, { auth })).toMatchObject({ status: "error", failure: { code: "limit_exceeded" } });
  });
});

describe("TLS that starts in PRELOGIN packets", () => {
  const tls = { mode: "starttls", servername: "localhost", verify: "require", ca: testAuthority() };

  test("the login goes through it", async () => {
    const server = await startTdsOverTls({ account }, certificate("localhost"));
    open.push(server);
    const output = await ask(server.port, { auth: account, tls });
    expect(output).toMatchObject({ status: "ok", failure: null, tls: { version: "TLSv1.2", authorised: true }, auth: { accepted: true }, encryption: "on" });
    expect(output.operations.slice(0, 4).map(({ name }) => name)).toEqual(["connect", "PRELOGIN", "TLS", "LOGIN7"]);
  });

  test("a certificate that has expired ends the run before the login", async () => {
    const server = await startTdsOverTls({ account }, certificate("expired"));
    open.push(server);
    expect(await ask(server.port, { auth: account, tls })).toMatchObject({
      failure: { phase: "tls", code: "tls_certificate" },
      tls: { problems: expect.arrayContaining(["expired"]) },
      auth: null,
    });
  });
});

test.each<[what: string, input: object, pointer: string]>([
  ["TLS 1.3 within PRELOGIN packets", { tls: { mode: "starttls", min_version: "TLSv1.3" } }, "/tls/min_version"],
  ["a query without a login", { query: { sql: "SELECT 1" } }, "/query"],
])("%s is refused before anything is sent", async (_, input, pointer) => {
  await expect(ask(1, input)).rejects.toMatchObject({ violations: [{ pointer }] });
});
