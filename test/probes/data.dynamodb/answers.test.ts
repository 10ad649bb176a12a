import { crc32 } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.dynamodb/schema.js";
import { run } from "../../../runner/harness/run.js";
import { type DynamoServerSettings, startDynamoServer } from "../../../runner/lab/dynamodb-server.js";
import { scripted, WAYS } from "../../support/byte-ways.js";
import { endless } from "../../support/peer.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const auth = { access_key_id: "key-id", secret_access_key: "secret-key" };

async function ask(port: number, input: object = {}): Promise<Output> {
  const target = { target_host: "127.0.0.1", target_port: port, tls: { mode: "none" }, command_timeout_ms: 4000 };
  return (await run("data.dynamodb", { ...target, ...input } as never)).output as Output;
}

async function serve(settings: DynamoServerSettings, input: object = {}): Promise<Output> {
  const server = await startDynamoServer(settings);
  open.push(server);
  return ask(server.port, input);
}

/** Each text answers one connection, in each way of cutting it. */
async function answers(texts: readonly string[], input: object = {}): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    const server = await scripted(texts, way);
    open.push(server);
    outputs.push(await ask(server.port, { auth, command_timeout_ms: 400, ...input }));
  }
  return outputs;
}

function http(document: unknown, { status = 200, more = "" } = {}): string {
  const body = typeof document === "string" ? document : JSON.stringify(document);
  return `HTTP/1.1 ${status} X\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;
}

const refused = (name: string, status = 400): string => http({ __type: `com.amazon.coral.service#${name}`, message: "No." }, { status });
const LIST = http({ TableNames: [] });
const table = (more: object = {}): string => http({ Table: { TableName: "orders", TableStatus: "ACTIVE", ...more } });

describe("a server of the lab, which checks signatures", () => {
  test.each<[what: string, input: object, result: object]>([
    ["the right key", { auth }, { status: "ok", auth: { accepted: true } }],
    ["temporary credentials", { auth: { ...auth, session_token: "token" } }, { status: "ok", auth: { accepted: true } }],
    ["another region", { auth, region: "eu-central-2" }, { status: "ok", auth: { accepted: true } }],
    [
      "a wrong key",
      { auth: { ...auth, secret_access_key: "other-key" } },
      { failure: { phase: "auth", code: "reply_rejected", retryable: false }, auth: { accepted: false } },
    ],
    ["an unknown id", { auth: { ...auth, access_key_id: "other" } }, { failure: { phase: "auth" }, server_error: { code: "UnrecognizedClientException" } }],
  ])("%s", async (_, input, result) => {
    expect(await serve({ account: auth }, input)).toMatchObject(result);
  });

  test("a service whose clock is ten minutes ahead refuses the signature, and a finding says why", async () => {
    const output = await serve({ account: auth, clockOffsetMs: 600_000 }, { auth });
    expect(output).toMatchObject({ failure: { phase: "auth" }, findings: [{ reason: "clock_skew", severity: "warning" }] });
    expect(output.findings[0]?.message).toMatch(/^this machine's clock is (59\d|600) s behind/);
  });

  test("a service that wants no signature", async () => {
    expect(await serve({}, { expect: { anonymous_access: false } })).toMatchObject({
      status: "error",
      anonymous_access: true,
      findings: [{ reason: "anonymous_access" }],
    });
  });

  test("expectations of rows, and of the table", async () => {
    const tables = [{ name: "orders", items: [{ id: { S: "a" }, state: { S: "paid" } }] }];
    const read = { key: { id: "a" }, attributes: ["state"] };
    expect(await serve({ tables }, { auth, table: "orders", read, expect: { value: "paid", row_count: 1, min_items: 1 } })).toMatchObject({
      status: "ok",
      rows: [["paid"]],
    });
    const missed = await serve({ tables }, { auth, table: "orders", read, expect: { value: "open", min_items: 2 }, prefer: { rows: [] } });
    expect(missed.findings.map(({ reason, severity }) => `${severity} ${reason}`)).toEqual([
      "error too_few_items",
      "error value_differs",
      "warning rows_differ",
    ]);
  });
});

describe("what services answer", () => {
  test.each<[what: string, answer: string, failure: object]>([
    ["a page", http("<!doctype html><title>Hello</title>"), { phase: "body", code: "protocol_violation" }],
    ["a list", http([]), { phase: "body", code: "protocol_violation" }],
    ["an error without a type", http({ message: "no" }, { status: 400 }), { phase: "body", code: "protocol_violation" }],
    ["a redirect", http({}, { status: 302, more: "Location: http://127.0.0.1:1/\r\n" }), { phase: "body", code: "protocol_violation" }],
    ["a wrong sum", http({ TableNames: [] }, { more: "x-amz-crc32: 1\r\n" }), { phase: "body", code: "protocol_violation" }],
    ["SMTP", "220 mx.example.org ESMTP\r\n", { code: "protocol_violation" }],
    ["half an answer", LIST.slice(0, -5), { code: "closed" }],
    ["throttling", refused("ThrottlingException"), { phase: "command", code: "reply_rejected", reply_code: 400, retryable: true }],
    ["a fault of the service", refused("InternalServerError", 500), { phase: "command", code: "reply_rejected", reply_code: 500, retryable: true }],
    ["an expired token", refused("ExpiredTokenException"), { phase: "auth", code: "reply_rejected", retryable: false }],
    ["a signature that is not whole", refused("IncompleteSignatureException"), { phase: "auth", code: "reply_rejected" }],
  ])("%s", async (_, answer, failure) => {
    for (const output of await answers([answer])) expect(output).toMatchObject({ status: "error", failure });
  });

  test("the right sum", async () => {
    const more = `x-amz-crc32: ${crc32(JSON.stringify({ TableNames: [] }))}\r\n`;
    for (const output of await answers([http({ TableNames: [] }, { more })])) expect(output).toMatchObject({ status: "ok" });
  });

  test("a user who may read one table only", async () => {
    const item = http({ Items: [{ id: { S: "a" } }] });
    const input = { table: "orders", read: { key: { id: "a" } } };
    for (const output of await answers([refused("AccessDeniedException"), refused("AccessDeniedException"), item], input))
      expect(output).toMatchObject({ status: "ok", auth: { accepted: true }, table: null, rows: [["a"]], server_error: { code: "AccessDeniedException" } });
  });

  test.each<[what: string, more: object, reasons: string[]]>([
    ["is active", {}, []],
    ["is changed", { TableStatus: "UPDATING" }, []],
    ["is deleted", { TableStatus: "DELETING" }, ["table_not_active"]],
    ["has lost its key", { TableStatus: "INACCESSIBLE_ENCRYPTION_CREDENTIALS" }, ["table_not_active"]],
    ["has an index that is built", { GlobalSecondaryIndexes: [{ IndexName: "i", IndexStatus: "CREATING" }] }, ["index_not_active"]],
    ["has a replica that is deleted", { Replicas: [{ RegionName: "eu-west-1", ReplicaStatus: "DELETING" }] }, ["replica_not_active"]],
  ])("a table that %s", async (_, more, reasons) => {
    for (const output of await answers([LIST, table(more)], { table: "orders" })) expect(output.findings.map(({ reason }) => reason)).toEqual(reasons);
  });

  test.each<[what: string, document: unknown]>([
    ["no items", {}],
    ["more items than were asked for", { Items: [{}, {}, {}] }],
    ["an attribute of two types", { Items: [{ id: { S: "a", N: "1" } }] }],
    ["an attribute that is not of its type", { Items: [{ id: { N: 1 } }] }],
    ["an attribute of an unknown type", { Items: [{ id: { X: "a" } }] }],
    ["attributes nested 10,000 deep", `{"Items":[{"id":${'{"L":['.repeat(10_000)}${"]}".repeat(10_000)}}]}`],
  ])("a Query with %s", async (_, document) => {
    const input = { table: "orders", read: { key: { id: "a" }, max_rows: 1 } };
    const server = await scripted([LIST, table(), http(document)], "whole");
    open.push(server);
    expect(await ask(server.port, { auth, ...input })).toMatchObject({ status: "error", failure: { phase: "query", code: "protocol_violation" }, rows: [] });
  });

  test("an endless answer", async () => {
    const server = await endless("x".repeat(65_536), "HTTP/1.1 200 OK\r\n\r\n");
    open.push(server);
    expect(await ask(server.port, { auth })).toMatchObject({ status: "error", failure: { phase: "body", code: "limit_exceeded" } });
  });
});

test.each<[what: string, input: object, pointer: string]>([
  ["a table's name with a blank", { table: "my orders" }, "/table"],
  ["a read without a table", { read: { key: { id: "a" } } }, "/read"],
  ["a key of three attributes", { table: "orders", read: { key: { a: "1", b: "2", c: "3" } } }, "/read/key"],
  ["a key without a value", { table: "orders", read: { key: { a: "" } } }, "/read/key/a"],
  ["a region with a slash", { region: "eu/west" }, "/region"],
])("%s is refused before anything is sent", async (_, input, pointer) => {
  await expect(ask(1, input)).rejects.toMatchObject({ violations: expect.arrayContaining([expect.objectContaining({ pointer })]) });
});

test("a session token with a line feed is not sent", async () => {
  process.env.PROBE_RUN_TEST_TOKEN = "a\r\nX-Evil: 1";
  try {
    const output = await serve({ account: auth }, { auth: { ...auth, session_token: { secret: "env:PROBE_RUN_TEST_TOKEN" } } });
    expect(output).toMatchObject({ failure: { phase: "auth", code: "not_permitted" } });
  } finally {
    delete process.env.PROBE_RUN_TEST_TOKEN;
  }
});
