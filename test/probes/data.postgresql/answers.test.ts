import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.postgresql/schema.js";
import { run } from "../../../runner/harness/run.js";
import { WAYS } from "../../support/byte-ways.js";
import { endless, peer } from "../../support/peer.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const auth = { username: "ann", password: "correct-horse" };

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("data.postgresql", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 400, auth, ...input } as never)).output as Output;
}

/** Each answer follows something that the client said, in each way of cutting it. */
async function answers(texts: readonly string[], input: object = {}): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    const server = await peer(texts, way);
    open.push(server);
    outputs.push(await ask(server.port, input));
  }
  return outputs;
}

/** One message, its body as bytes in latin1. */
function message(type: string, body = ""): string {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return type + length.toString("latin1") + body;
}
const int = (value: number): string => String.fromCharCode((value >> 24) & 255, (value >> 16) & 255, (value >> 8) & 255, value & 255);
const error = (code: string, severity = "FATAL", words = "no"): string => message("E", `S${severity}\0V${severity}\0C${code}\0M${words}\0\0`);
const text = (value: string): string => int(value.length) + value;
const row = (...values: string[]): string => message("D", `\0${String.fromCharCode(values.length)}${values.map(text).join("")}`);
const columns = (...names: string[]): string =>
  message("T", `\0${String.fromCharCode(names.length)}${names.map((name) => `${name}\0${int(0)}\0\0${int(25)}\0\x04${int(-1)}\0\0`).join("")}`);

const OK = message("R", int(0));
const READY = message("Z", "I");
const START = OK + message("S", "server_version\x009.6.1\0") + message("K", int(1) + int(2)) + READY;
const PING = message("I") + READY;
const NOT_UNDERSTOOD = error("42883", "ERROR", "no such function") + READY;
const DONE = message("C", "BEGIN\0") + READY;
const PREPARED = message("1") + message("t", "\0\0") + columns("a") + READY;
const query = { sql: "SELECT a" };

describe("what servers answer", () => {
  test("a server that is not PostgreSQL and does not know its functions", async () => {
    const rows = message("2") + row("x") + row("y") + message("C", "SELECT 2\0") + READY;
    for (const output of await answers([START, PING, NOT_UNDERSTOOD, DONE, PREPARED, rows, DONE], { query }))
      expect(output).toMatchObject({ status: "ok", failure: null, role: null, server_version: "9.6.1", rows: [["x"], ["y"]], query: { truncated: false } });
  });

  test.each<[what: string, talk: string[], failure: object]>([
    ["starting up", [error("57P03")], { phase: "greeting", code: "reply_rejected", retryable: true }],
    ["too many connections", [OK + error("53300")], { phase: "auth", code: "reply_rejected", retryable: true }],
    ["too many connections after a login", [message("R", int(3)), error("53300")], { phase: "auth", code: "not_permitted" }],
    ["Kerberos", [message("R", int(7))], { phase: "auth", code: "unsupported" }],
    ["an unknown mechanism", [message("R", `${int(10)}SCRAM-SHA-999\0\0`)], { phase: "auth", code: "unsupported" }],
    ["a second login", [message("R", `${int(5)}salt`), message("R", int(3))], { phase: "auth", code: "protocol_violation" }],
    ["a salt that is cut off", [message("R", `${int(5)}sa`)], { phase: "greeting", code: "protocol_violation" }],
    ["SCRAM without a proof", [message("R", `${int(10)}SCRAM-SHA-256\0\0`), OK], { phase: "auth", code: "protocol_violation" }],
    [
      "SCRAM of one iteration",
      [message("R", `${int(10)}SCRAM-SHA-256\0\0`), message("R", `${int(11)}r=x,s=QQ==,i=1`)],
      { phase: "auth", code: "protocol_violation" },
    ],
    ["silence", [""], { phase: "greeting", code: "timeout" }],
    ["half a message", ["R\0\0"], { phase: "greeting", code: "timeout" }],
    ["HTTP", ["HTTP/1.1 400 Bad Request\r\n\r\n"], { phase: "greeting", code: "limit_exceeded" }],
    ["SSH", ["SSH-2.0-x\r\n"], { phase: "greeting", code: "limit_exceeded" }],
    ["bytes of nothing", ["\x00\x01\x02\x03\x04"], { phase: "greeting", code: "protocol_violation" }],
    ["a negative length", [`R${int(-1)}`], { phase: "greeting", code: "protocol_violation" }],
    ["a message of 2 GiB", [`R${int(0x7fffffff)}`], { phase: "greeting", code: "limit_exceeded" }],
    ["an error without an end", [message("E", "SFATAL")], { phase: "greeting", code: "protocol_violation" }],
    ["rows before a login", [row("x")], { phase: "greeting", code: "protocol_violation" }],
    ["rows that nothing asked for", [OK + row("x")], { phase: "auth", code: "protocol_violation" }],
  ])("%s", async (_, talk, failure) => {
    for (const output of await answers(talk)) expect(output).toMatchObject({ status: "error", failure });
  });

  test.each<[what: string, prepared: string, result: string, failure: object]>([
    ["a row of other columns", PREPARED, message("2") + row("x", "y"), { code: "protocol_violation" }],
    ["a value beyond its row", PREPARED, message("2") + message("D", `\0\x01${int(100)}x`), { code: "protocol_violation" }],
    ["a value of a negative length", PREPARED, message("2") + message("D", `\0\x01${int(-2)}x`), { code: "protocol_violation" }],
    ["more rows than were asked for", PREPARED, message("2") + row("x").repeat(3), { code: "protocol_violation" }],
    ["a copy in place of rows", PREPARED, message("G", "\0\0\0"), { code: "protocol_violation" }],
    ["columns that are cut off", message("T", "\0\x09a\0"), "", { code: "protocol_violation" }],
    ["an error in the middle", PREPARED, message("2") + row("x") + error("57014", "ERROR") + READY, { code: "timeout" }],
    ["a server that stops", PREPARED, error("57P01"), { code: "reply_rejected", retryable: true }],
  ])("a result that is wrong: %s", async (_, prepared, result, failure) => {
    for (const output of await answers([START, PING, NOT_UNDERSTOOD, DONE, prepared, result], { query: { ...query, max_rows: 2 } }))
      expect(output).toMatchObject({ status: "error", failure: { phase: "query", ...failure }, rows: [] });
  });

  test("a system that cannot watch connections", async () => {
    const modern = OK + message("S", "server_version\x0016.1\0") + READY;
    const rows = message("2") + row("x") + message("C", "SELECT 1\0") + READY;
    const talk = [modern, PING, NOT_UNDERSTOOD, error("22023", "ERROR") + READY, DONE, DONE, PREPARED, rows, DONE];
    for (const output of await answers(talk, { query })) expect(output).toMatchObject({ status: "ok", rows: [["x"]] });
  });
});

describe("SSLRequest", () => {
  const tls = { mode: "starttls", verify: "ignore" };

  test.each<[what: string, answer: string, failure: object]>([
    ["refused", "N", { phase: "starttls", code: "unsupported" }],
    ["an error of an old server", error("0A000"), { phase: "starttls", code: "unsupported" }],
    ["plain text after the go-ahead", `S${OK}`, { phase: "starttls", code: "protocol_violation" }],
    ["silence", "", { phase: "starttls", code: "timeout" }],
  ])("%s", async (_, answer, failure) => {
    const server = await peer([answer]);
    open.push(server);
    expect(await ask(server.port, { tls })).toMatchObject({ status: "error", failure, auth: null });
  });
});

describe("hostile servers", () => {
  test.each<[what: string, portion: string]>([
    ["endless notices", message("N", "SNOTICE\0Mhello\0\0").repeat(500)],
    ["endless parameters", message("S", "a\0b\0").repeat(500)],
    ["endless rows", row("x").repeat(500)],
  ])("%s", async (_, portion) => {
    const server = await endless(portion);
    open.push(server);
    expect(await ask(server.port)).toMatchObject({ status: "error", failure: { code: expect.stringMatching(/^(limit_exceeded|protocol_violation)$/) } });
  });

  test("the password is in nothing that leaves the run", async () => {
    for (const request of [message("R", int(3)), message("R", `${int(5)}salt`)]) {
      const server = await peer([request, error("28P01", "FATAL", "you sent correct-horse, md5e3c1fd5ad4ee5e4fa5d4b4aeb3ecdf48")]);
      open.push(server);
      const output = await ask(server.port, { auth: { ...auth, allow_plaintext: true } });
      expect(output.failure).toMatchObject({ phase: "auth", code: "reply_rejected" });
      expect(JSON.stringify(output)).not.toContain("correct-horse");
    }
  });
});

test.each<[what: string, input: object, pointer: string]>([
  ["NUL in a statement", { query: { sql: "SELECT 1\0" } }, "/query/sql"],
  ["NUL in a parameter", { query: { sql: "SELECT $1", parameters: ["a\0b"] } }, "/query/parameters/0"],
  ["a line break in a name", { auth: { username: "a\nb" } }, "/auth/username"],
])("%s is refused before anything is sent", async (_, input, pointer) => {
  await expect(ask(1, input)).rejects.toMatchObject({ violations: [expect.objectContaining({ pointer })] });
});
