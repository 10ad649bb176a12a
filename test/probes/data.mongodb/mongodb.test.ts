import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.mongodb/schema.js";
import { run } from "../../../runner/harness/run.js";
import { type MongoServerSettings, startMongoServer } from "../../../runner/lab/mongodb-server.js";
import { type CommandValue, encodeDocument } from "../../../runner/net/mongodb/bson.js";
import { WAYS } from "../../support/byte-ways.js";
import { endless, peer } from "../../support/peer.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const account = { username: "ann", password: "correct-horse" };
const find = { database: "shop", collection: "orders" };

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("data.mongodb", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 4000, ...input } as never)).output as Output;
}

async function serve(settings: MongoServerSettings, input: object = {}): Promise<Output> {
  const server = await startMongoServer(settings);
  open.push(server);
  return ask(server.port, input);
}

type Document = { readonly [key: string]: CommandValue };

/** OP_MSG with a header of the test's own. */
function message(to: number, document: Document, { operation = 2013, flags = 0, kind = 0 } = {}): string {
  const body = encodeDocument(document);
  const header = Buffer.alloc(21);
  for (const [index, value] of [21 + body.length, 99, to, operation, flags].entries()) header.writeInt32LE(value, index * 4);
  header[20] = kind;
  return Buffer.concat([header, body]).toString("latin1");
}

/** Each text answers one command, in each way of cutting it. */
async function answers(texts: readonly string[], input: object = {}): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    const server = await peer(texts, way);
    open.push(server);
    outputs.push(await ask(server.port, { command_timeout_ms: 400, ...input }));
  }
  return outputs;
}

const HELLO = { isWritablePrimary: true, maxWireVersion: 21, ok: 1 };
const refused = (code: number, codeName: string): Document => ({ ok: 0, errmsg: "no", code, codeName });
const OK = { ok: 1 };

describe("a server of the lab", () => {
  test("a login by SCRAM-SHA-256, and documents", async () => {
    const documents = [{ _id: 1, state: "paid", item: { name: "hat", sizes: [7, 8] } }, { _id: 2 }];
    const input = {
      auth: account,
      find: { ...find, fields: ["_id", "state", "item.name", "item.sizes.1", "item"] },
      expect: { row_count: 2, anonymous_access: false },
    };
    const output = await serve({ account, documents }, input);
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      auth: { method: "SCRAM-SHA-256", accepted: true },
      role: "standalone",
      server_version: "7.0.14",
    });
    expect(output.rows).toEqual([
      [1, "paid", "hat", 8, '{"name":"hat","sizes":[7,8]}'],
      [2, null, null, null, null],
    ]);
    expect(output.operations.map(({ name }) => name)).toEqual(["connect", "hello", "listDatabases", "saslStart", "saslContinue", "ping", "buildInfo", "find"]);
    expect(JSON.stringify(output)).not.toContain("correct-horse");
  });

  test("a wrong password, and none", async () => {
    expect(await serve({ account }, { auth: { ...account, password: "wrong-password" } })).toMatchObject({
      failure: { phase: "auth", code: "reply_rejected", retryable: false },
      server_error: { code: 18, name: "AuthenticationFailed" },
      auth: { accepted: false },
    });
    expect(await serve({ account }, { find })).toMatchObject({
      failure: { phase: "query", code: "reply_rejected" },
      anonymous_access: false,
      server_error: { code: 13 },
    });
  });

  test("a server that anyone may use", async () => {
    expect(await serve({}, { prefer: { anonymous_access: false } })).toMatchObject({
      status: "warning",
      anonymous_access: true,
      findings: [{ reason: "anonymous_access" }],
    });
  });

  test("more documents than the limit", async () => {
    const documents = [{ _id: 1 }, { _id: 2 }, { _id: 3 }];
    expect(await serve({ documents }, { find: { ...find, max_rows: 2 } })).toMatchObject({ status: "ok", rows: [[1], [2]], truncated: true });
    expect(await serve({ documents }, { find: { ...find, max_rows: 1 } })).toMatchObject({ failure: { phase: "query", code: "protocol_violation" } });
    expect(await serve({ documents: [{ _id: "x".repeat(10_000) }] }, { find })).toMatchObject({ truncated: true, rows: [["x".repeat(4096)]] });
  });

  test.each<[hello: Document, role: string | null, reasons: string[]]>([
    [{ setName: "s", primary: "a:1" }, "primary", []],
    [{ setName: "s", isWritablePrimary: false, secondary: true, primary: "a:1" }, "replica", []],
    [{ setName: "s", isWritablePrimary: false, arbiterOnly: true, primary: "a:1" }, "arbiter", []],
    [{ msg: "isdbgrid" }, "router", []],
    [{ isWritablePrimary: false, isreplicaset: true }, null, ["no_role"]],
    [{ setName: "s", isWritablePrimary: false, secondary: true }, "replica", ["no_primary"]],
  ])("%j", async (hello, role, reasons) => {
    const output = await serve({ hello });
    expect(output).toMatchObject({ role, failure: null });
    expect(output.findings.map(({ reason }) => reason)).toEqual(reasons);
  });

  test("the lag of a replica, and a member that is away", async () => {
    const member = (name: string, stateStr: string, optimeDate: string, health: number, self = false): Document => ({
      name,
      stateStr,
      optimeDate,
      health,
      self,
    });
    const members = [
      member("a:1", "PRIMARY", "2026-11-29T12:01:00Z", 1),
      member("b:1", "SECONDARY", "2026-11-29T12:00:00Z", 1, true),
      member("c:1", "DOWN", "", 0),
    ];
    const hello = { setName: "s", isWritablePrimary: false, secondary: true, primary: "a:1" };
    const output = await serve(
      { hello, status: { members } },
      { expect: { max_replication_lag_s: 30, min_healthy_members: 3, role: "primary", set_name: "t" } },
    );
    expect(output).toMatchObject({ replication_lag_s: 60, members: [{ lag_s: null }, { lag_s: 60 }, { is_healthy: false, lag_s: null }] });
    expect(output.findings.map(({ reason }) => reason)).toEqual(["member_unhealthy", "role_differs", "set_differs", "too_few_members", "replication_lag"]);
  });
});

describe("what servers answer", () => {
  test("an old server, which knows isMaster only, and adds checksums", async () => {
    const isMaster = { ismaster: true, maxWireVersion: 8, ok: 1 };
    const sum = message(4, OK, { flags: 1 });
    const checked = Buffer.from(`${sum}CRC!`, "latin1");
    checked.writeInt32LE(checked.length, 0);
    const talk = [
      message(1, refused(59, "CommandNotFound")),
      message(2, isMaster),
      message(3, OK),
      checked.toString("latin1"),
      message(5, { version: "4.2.0", ok: 1 }),
    ];
    for (const output of await answers(talk)) expect(output).toMatchObject({ status: "ok", role: "standalone", server_version: "4.2.0", max_wire_version: 8 });
  });

  test.each<[what: string, talk: string[], failure: object]>([
    ["silence", [""], { phase: "greeting", code: "timeout" }],
    ["half a message", [message(1, HELLO).slice(0, 30)], { phase: "greeting", code: "timeout" }],
    ["HTTP", ["HTTP/1.0 200 OK\r\n"], { phase: "greeting", code: "limit_exceeded" }],
    ["a message of 2 GiB", ["\xff\xff\xff\x7f"], { phase: "greeting", code: "limit_exceeded" }],
    ["a message of 3 bytes", ["\x03\0\0\0"], { phase: "greeting", code: "protocol_violation" }],
    ["an old kind of answer", [message(1, HELLO, { operation: 1 })], { phase: "greeting", code: "protocol_violation" }],
    ["a compressed answer", [message(1, HELLO, { operation: 2012 })], { phase: "greeting", code: "protocol_violation" }],
    ["an answer that others follow", [message(1, HELLO, { flags: 2 })], { phase: "greeting", code: "protocol_violation" }],
    ["another kind of section", [message(1, HELLO, { kind: 1 })], { phase: "greeting", code: "protocol_violation" }],
    ["an answer to another request", [message(7, HELLO)], { phase: "greeting", code: "protocol_violation" }],
    ["a refusal of hello", [message(1, refused(11600, "InterruptedAtShutdown"))], { phase: "greeting", code: "reply_rejected", retryable: true }],
    [
      "a ping that fails",
      [message(1, HELLO), message(2, OK), message(3, refused(91, "ShutdownInProgress"))],
      { phase: "command", code: "reply_rejected", retryable: true },
    ],
  ])("%s", async (_, talk, failure) => {
    for (const output of await answers(talk)) expect(output).toMatchObject({ status: "error", failure });
  });

  const BEFORE = [message(1, HELLO), message(2, refused(13, "Unauthorized"))];
  const payload = (text: string): Document => ({ conversationId: 1, done: false, payload: Buffer.from(text), ok: 1 });

  test.each<[what: string, talk: string[], failure: object]>([
    ["done without a proof", [message(3, { ...payload(""), done: true })], { phase: "auth", code: "protocol_violation" }],
    ["another nonce", [message(3, payload("r=other,s=QUFB,i=15000"))], { phase: "auth", code: "protocol_violation" }],
    ["no payload", [message(3, { conversationId: 1, done: false, ok: 1 })], { phase: "auth", code: "protocol_violation" }],
    ["a mechanism that the user does not have", [message(3, refused(334, "MechanismUnavailable"))], { phase: "auth", code: "reply_rejected" }],
  ])("a login: %s", async (_, talk, failure) => {
    for (const output of await answers([...BEFORE, ...talk], { auth: account })) expect(output).toMatchObject({ status: "error", failure });
  });

  test.each<[what: string, answer: Document, failure: object]>([
    ["too slow", refused(50, "MaxTimeMSExpired"), { phase: "query", code: "timeout" }],
    ["no cursor", OK, { phase: "query", code: "protocol_violation" }],
  ])("find: %s", async (_, answer, failure) => {
    const talk = [message(1, HELLO), message(2, OK), message(3, OK), message(4, OK), message(5, answer)];
    for (const output of await answers(talk, { find })) expect(output).toMatchObject({ status: "error", failure, rows: [] });
  });

  test("endless answers", async () => {
    const server = await endless(message(1, HELLO).repeat(100));
    open.push(server);
    expect(await ask(server.port)).toMatchObject({ status: "error", failure: { code: "protocol_violation" } });
  });
});

test.each<[what: string, filter: object, pointer: string]>([
  ["a program", { $where: "sleep(1000)" }, "/find/filter"],
  ["a program within", { $expr: { $gt: [{ $function: { body: "x", args: [], lang: "js" } }, 1] } }, "/find/filter"],
  ["a key with NUL", { "a\0b": 1 }, "/find/filter"],
  ["documents in documents", JSON.parse(`${'{"a":'.repeat(20)}1${"}".repeat(20)}`) as object, "/find/filter"],
])("a filter with %s is refused before anything is sent", async (_, filter, pointer) => {
  await expect(ask(1, { find: { ...find, filter } })).rejects.toMatchObject({ violations: [{ pointer }] });
});
