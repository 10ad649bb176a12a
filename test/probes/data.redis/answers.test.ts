import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.redis/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startRedisServer } from "../../../runner/lab/redis-server.js";
import { WAYS } from "../../support/byte-ways.js";
import { endless, peer } from "../../support/peer.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("data.redis", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 4000, ...input } as never)).output as Output;
}

/** Each answer follows a command, in each way of cutting it. */
async function answers(texts: readonly string[], input: object = {}): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    const server = await peer(texts, way);
    open.push(server);
    outputs.push(await ask(server.port, { command_timeout_ms: 400, ...input }));
  }
  return outputs;
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const INFO = bulk(
  "# Server\r\nredis_version:6.2.1\r\nredis_mode:standalone\r\nrole:master\r\nmaxmemory:100\r\nused_memory:90\r\nmaxclients:10\r\nconnected_clients:9\r\n",
);
const TIME = "*2\r\n$10\r\n1700000000\r\n$6\r\n500000\r\n";
const HELLO = "%3\r\n$6\r\nserver\r\n$6\r\nvalkey\r\n$7\r\nversion\r\n$5\r\n8.0.1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n";

describe("what servers answer", () => {
  test("versions 3 and 2 of the protocol, and its kinds of values", async () => {
    const reads = ["GET", "GET", "GET", "GET", "GET", "GET", "MGET"].map((command) => ({ command, arguments: ["a"] }));
    const values = ["$-1\r\n", "_\r\n", ",1.5\r\n", "#t\r\n", "=7\r\ntxt:abc\r\n", "$2\r\n\xff\xfe\r\n", "*3\r\n:1\r\n(12345678901234567890\r\n$-1\r\n"];
    for (const output of await answers(["+PONG\r\n", `${HELLO}-NOPERM no INFO\r\n${TIME}`, "+PONG\r\n", ...values], { reads }))
      expect(output).toMatchObject({
        status: "ok",
        anonymous_access: true,
        resp_version: 3,
        server_name: "valkey",
        server_version: "8.0.1",
        role: "primary",
        server_time: "2023-11-14T22:13:20.500Z",
        rows: [[null], [null], [1.5], [true], ["abc"], ["fffe"], [1, "12345678901234567890", null]],
        row_count: 7,
      });
  });

  test("a server that does not know HELLO is spoken to by version 2", async () => {
    const unknown = "-ERR unknown command 'HELLO'\r\n";
    const talk = ["+PONG\r\n", `${unknown}${INFO}${TIME}`, "+PONG\r\n"];
    for (const output of await answers(talk)) expect(output).toMatchObject({ status: "ok", resp_version: 2, server_version: "6.2.1", role: "primary" });
    for (const output of await answers(["+PONG\r\n", unknown], { resp_version: "3" }))
      expect(output.failure).toMatchObject({ phase: "command", code: "unsupported" });
  });

  test("expectations", async () => {
    const expected = {
      server_version: { matches: "^7" },
      role: "replica",
      anonymous_access: false,
      min_replicas: 1,
      max_memory_percent: 80,
      max_clients_percent: 80,
      max_clock_offset_ms: 10,
    };
    const talk = ["+PONG\r\n", `${INFO}${TIME}`, "+PONG\r\n", "$1\r\n1\r\n", "-MOVED 3999 192.0.2.1:6381\r\n"];
    const reads = [
      { command: "GET", arguments: ["a"], value: { in: ["2", "3"] } },
      { command: "GET", arguments: ["b"] },
    ];
    for (const output of await answers(talk, { resp_version: "2", expect: expected, reads })) {
      expect(output).toMatchObject({ status: "error", failure: null, rows: [["1"], []], reads: [{ error: null }, { error: "MOVED 3999 192.0.2.1:6381" }] });
      expect(output.findings.map(({ reason }) => reason)).toEqual([
        ...["value_differs", "read_refused", "version_differs", "role_differs", "anonymous_access", "too_few_replicas", "memory_used", "clients_connected"],
        "clock_offset",
      ]);
    }
  });

  test.each<[what: string, talk: string[], failure: object]>([
    ["no login", ["-NOAUTH Authentication required.\r\n"], { phase: "auth", code: "reply_rejected", retryable: false }],
    ["loading", ["-LOADING Redis is loading the dataset in memory\r\n"], { phase: "greeting", code: "reply_rejected", retryable: true }],
    ["too many clients", ["-ERR max number of clients reached\r\n"], { phase: "greeting", code: "reply_rejected", retryable: true }],
    ["protected mode", ["-DENIED Redis is running in protected mode\r\n"], { phase: "greeting", code: "reply_rejected", retryable: false }],
    ["silence", [""], { phase: "greeting", code: "timeout" }],
    ["half a reply", ["+PO"], { phase: "greeting", code: "timeout" }],
    ["HTTP", ["HTTP/1.1 400 Bad Request\r\n\r\n"], { phase: "greeting", code: "protocol_violation" }],
    ["bytes without a line", ["\x00\x01\x02"], { phase: "greeting", code: "protocol_violation" }],
    ["a bulk text of 2 GiB", ["$2147483648\r\n"], { phase: "greeting", code: "limit_exceeded" }],
    ["a list of 10^9 items", ["*1000000000\r\n"], { phase: "greeting", code: "limit_exceeded" }],
    ["lists in lists", ["*1\r\n".repeat(9)], { phase: "greeting", code: "limit_exceeded" }],
    ["a length that is no number", ["$abc\r\n"], { phase: "greeting", code: "protocol_violation" }],
    ["a bulk text without an end", ["$2\r\nabcd\r\n"], { phase: "greeting", code: "protocol_violation" }],
    ["a streamed text of version 3", ["$?\r\n"], { phase: "greeting", code: "protocol_violation" }],
    ["messages that nothing asked for", [">1\r\n+x\r\n".repeat(200)], { phase: "greeting", code: "limit_exceeded" }],
    ["a list where a word is expected", [`*50\r\n${"*0\r\n".repeat(50)}`], { phase: "greeting", code: "protocol_violation" }],
    ["a reply that nothing asked for", ["+PONG\r\n+OK\r\n"], { phase: "command", code: expect.stringMatching(/^(protocol_violation|timeout)$/) }],
  ])("%s", async (_, talk, failure) => {
    for (const output of await answers(talk)) expect(output).toMatchObject({ status: "error", failure });
  });
});

describe("hostile servers", () => {
  test.each<[what: string, portion: string, code: string]>([
    ["an endless line", "x".repeat(65_536), "limit_exceeded"],
    ["endless errors", "-ERR no\r\n".repeat(10_000), "reply_rejected"],
  ])("%s", async (_, portion, code) => {
    const server = await endless(portion, portion.startsWith("x") ? "+" : "");
    open.push(server);
    expect(await ask(server.port)).toMatchObject({ status: "error", failure: { code } });
  });

  test("the password is sent in plain text only if that is allowed, and is shown nowhere", async () => {
    const server = await startRedisServer({ password: "correct-horse" });
    open.push(server);
    const auth = { password: "correct-horse" };
    expect(await ask(server.port, { auth })).toMatchObject({ failure: { phase: "auth", code: "not_permitted" }, auth: { method: null, accepted: false } });
    const output = await ask(server.port, { auth: { ...auth, allow_plaintext: true } });
    expect(output).toMatchObject({ status: "ok", auth: { method: "AUTH", accepted: true }, anonymous_access: false });
    const echo = await peer(["-NOAUTH x\r\n", "-ERR wrong password correct-horse\r\n"]);
    open.push(echo);
    for (const each of [output, await ask(echo.port, { auth: { ...auth, allow_plaintext: true } })])
      expect(JSON.stringify(each)).not.toContain("correct-horse");
  });
});

test.each<[what: string, read: object]>([
  ["a key that is missing", { command: "GET" }],
  ["one argument too many", { command: "TTL", arguments: ["a", "b"] }],
])("%s is refused before anything is sent", async (_, read) => {
  await expect(ask(1, { reads: [read] })).rejects.toMatchObject({ violations: [{ pointer: "/reads/0/arguments" }] });
});

test.each(["KEYS", "SCAN", "SET", "FLUSHALL", "EVAL", "CONFIG"])("%s is not a permitted command", async (command) => {
  await expect(ask(1, { reads: [{ command, arguments: ["*"] }] })).rejects.toMatchObject({ violations: [{ pointer: "/reads/0/command" }] });
});
