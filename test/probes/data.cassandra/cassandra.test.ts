import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.cassandra/schema.js";
import { run } from "../../../runner/harness/run.js";
import { type CassandraServerSettings, startCassandraServer } from "../../../runner/lab/cassandra-server.js";
import { WAYS } from "../../support/byte-ways.js";
import { endless, peer } from "../../support/peer.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const account = { username: "ann", password: "correct-horse" };
const auth = { ...account, allow_plaintext: true };

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("data.cassandra", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 4000, ...input } as never)).output as Output;
}

async function serve(settings: CassandraServerSettings, input: object = {}): Promise<Output> {
  const server = await startCassandraServer(settings);
  open.push(server);
  return ask(server.port, input);
}

/** Each text answers one request, in each way of cutting it. */
async function answers(texts: readonly string[], input: object = {}): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    const server = await peer(texts, way);
    open.push(server);
    outputs.push(await ask(server.port, { command_timeout_ms: 400, ...input }));
  }
  return outputs;
}

const short = (value: number): string => String.fromCharCode(value >> 8, value & 255);
const int = (value: number): string => short((value >>> 16) & 0xffff) + short(value & 0xffff);
const text = (value: string): string => short(value.length) + value;
const bytes = (value: string): string => int(value.length) + value;

/** native_protocol_v4.spec, section 2, written out. */
function frame(stream: number, opcode: number, body = "", { version = 0x84, flags = 0 } = {}): string {
  return String.fromCharCode(version, flags) + short(stream) + String.fromCharCode(opcode) + int(body.length) + body;
}
const SUPPORTED = short(1) + text("CQL_VERSION") + short(1) + text("3.4.4");
const READY = "";
const error = (code: number, message = "no"): string => int(code) + text(message);
/** One row of one column, with the table named for each column. */
const rows = (name: string, type: string, value: string, count = 1): string =>
  int(2) + int(0) + int(1) + text("system") + text("local") + text(name) + type + int(count) + value;
const VARCHAR = short(0x0d);
const LOCAL = rows("release_version", VARCHAR, bytes("3.11.4"));
const PEERS = int(2) + int(0) + int(1) + text("system") + text("peers") + text("peer") + short(0x10) + int(1) + bytes(`\x20\x01\x0d\xb8${"\0".repeat(11)}\x01`);

describe("a node of the lab", () => {
  test("a login, and what the node knows", async () => {
    const input = { auth, expect: { min_peers: 2, schema_agreement: true, max_clock_offset_ms: 60_000, anonymous_access: false } };
    const output = await serve({ account, peers: ["one", "one"] }, input);
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      auth: { method: "PLAIN", accepted: true },
      server_version: "4.1.3",
      protocol_versions: ["3/v3", "4/v4"],
    });
    expect(output).toMatchObject({ cluster_name: "lab", data_center: "dc1", rack: "r1", peers: [{ address: "192.0.2.1" }, { address: "192.0.2.2" }] });
    expect(output.operations.map(({ name }) => name)).toEqual(["connect", "OPTIONS", "STARTUP", "AUTH_RESPONSE", "OPTIONS", "system.local", "system.peers"]);
    expect(JSON.stringify(output)).not.toContain("correct-horse");
  });

  test("a password is sent in plain text only if that is allowed", async () => {
    expect(await serve({ account }, { auth: account })).toMatchObject({ failure: { phase: "auth", code: "not_permitted" }, auth: { method: null } });
    expect(await serve({ account })).toMatchObject({ failure: { phase: "auth", code: "not_permitted" }, anonymous_access: false });
    const wrong = await serve({ account }, { auth: { ...auth, password: "wrong-password" } });
    expect(wrong).toMatchObject({ failure: { phase: "auth", code: "reply_rejected", retryable: false }, server_error: { code: 0x0100 } });
    expect(await serve({ account }, { auth: { ...auth, password: "correct\0horse" } })).toMatchObject({ failure: { phase: "auth", code: "not_permitted" } });
  });

  test("expectations", async () => {
    const wanted = {
      server_version: { matches: "^5" },
      cluster_name: "x",
      data_center: "dc2",
      anonymous_access: false,
      min_peers: 3,
      schema_agreement: true,
      max_ping_ms: 0.000001,
    };
    const output = await serve({ peers: ["one", "two"] }, { expect: wanted });
    expect(output.findings.map(({ reason }) => reason)).toEqual([
      ...["version_differs", "cluster_differs", "data_center_differs", "anonymous_access", "too_few_peers", "schema_differs", "slow_ping"],
    ]);
  });
});

describe("what servers answer", () => {
  test("tables named for each column, warnings, and an IPv6 peer", async () => {
    const warned = frame(5, 0x08, short(1) + text("slow") + PEERS, { flags: 8 });
    for (const output of await answers([frame(1, 0x06, SUPPORTED), frame(2, 0x02, READY), frame(3, 0x06, SUPPORTED), frame(4, 0x08, LOCAL), warned]))
      expect(output).toMatchObject({
        status: "ok",
        server_version: "3.11.4",
        cluster_name: null,
        peers: [{ address: "2001:0db8:0000:0000:0000:0000:0000:0001" }],
      });
  });

  const BEFORE = [frame(1, 0x06, SUPPORTED), frame(2, 0x02, READY), frame(3, 0x06, SUPPORTED)];

  test.each<[what: string, talk: string[], failure: object]>([
    ["silence", [""], { phase: "greeting", code: "timeout" }],
    ["half a frame", [frame(1, 0x06, SUPPORTED).slice(0, 12)], { phase: "greeting", code: "timeout" }],
    ["HTTP", ["HTTP/1.1 400 Bad Request\r\n\r\n"], { phase: "greeting", code: "protocol_violation" }],
    ["TLS", ["\x15\x03\x01\0\x02\x02\x28"], { phase: "greeting", code: "protocol_violation" }],
    [
      "a server of version 3",
      [frame(1, 0x00, error(0x0a, "Invalid or unsupported protocol version (4)"), { version: 0x83 })],
      { phase: "greeting", code: "reply_rejected" },
    ],
    ["an answer of version 5", [frame(1, 0x06, SUPPORTED, { version: 0x85 })], { phase: "greeting", code: "unsupported" }],
    ["a frame of 2 GiB", ["\x84\0\0\x01\x06\x7f\xff\xff\xff"], { phase: "greeting", code: "limit_exceeded" }],
    ["a negative length", ["\x84\0\0\x01\x06\xff\xff\xff\xff"], { phase: "greeting", code: "protocol_violation" }],
    ["a compressed frame", [frame(1, 0x06, SUPPORTED, { flags: 1 })], { phase: "greeting", code: "protocol_violation" }],
    ["another stream", [frame(9, 0x06, SUPPORTED)], { phase: "greeting", code: "protocol_violation" }],
    ["another kind", [frame(1, 0x08, LOCAL)], { phase: "greeting", code: "protocol_violation" }],
    ["a list that is cut off", [frame(1, 0x06, short(9))], { phase: "greeting", code: "protocol_violation" }],
    ["bootstrapping", [frame(1, 0x06, SUPPORTED), frame(2, 0x00, error(0x1002))], { phase: "greeting", code: "reply_rejected", retryable: true }],
    ["an event", [...BEFORE, frame(-1, 0x0c, text("STATUS_CHANGE"))], { phase: "command", code: "protocol_violation" }],
    ["no rows", [...BEFORE, frame(4, 0x08, int(1))], { phase: "command", code: "protocol_violation" }],
    ["a billion rows", [...BEFORE, frame(4, 0x08, rows("a", VARCHAR, "", 1_000_000_000))], { phase: "command", code: "limit_exceeded" }],
    ["a value beyond its row", [...BEFORE, frame(4, 0x08, rows("a", VARCHAR, `${int(100)}x`))], { phase: "command", code: "protocol_violation" }],
    ["a list of lists", [...BEFORE, frame(4, 0x08, rows("a", short(0x20) + short(0x20), ""))], { phase: "command", code: "protocol_violation" }],
  ])("%s", async (_, talk, failure) => {
    for (const output of await answers(talk)) expect(output).toMatchObject({ status: "error", failure });
  });

  test("a challenge in the login", async () => {
    const talk = [frame(1, 0x06, SUPPORTED), frame(2, 0x03, text("com.example.Kerberos")), frame(3, 0x0e, bytes("x"))];
    for (const output of await answers(talk, { auth }))
      expect(output).toMatchObject({ failure: { phase: "auth", code: "unsupported" }, authenticator: "com.example.Kerberos" });
  });

  test("endless events", async () => {
    const server = await endless(frame(-1, 0x0c, text("STATUS_CHANGE")).repeat(1000));
    open.push(server);
    expect(await ask(server.port)).toMatchObject({ status: "error", failure: { code: "protocol_violation" } });
  });
});
