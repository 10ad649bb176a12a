import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.oracle/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startTnsListener, type TnsListenerSettings } from "../../../runner/lab/tns-listener.js";
import { versionText } from "../../../runner/net/tns/listener-answer.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { sendInWay, WAYS } from "../../support/byte-ways.js";
import { endless } from "../../support/peer.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const auth = { username: "monitor", password: "correct-horse" };

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("data.oracle", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 10_000, ...input } as never)).output as Output;
}

async function serve(settings: TnsListenerSettings, input: object = {}): Promise<Output> {
  const server = await startTnsListener(settings);
  open.push(server);
  return ask(server.port, input);
}

/** Written by hand: length, checksum, type, flags, checksum; then the parts of the type. */
function packet(type: number, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body as string, "latin1");
  return Buffer.concat([Buffer.of((bytes.length + 8) >> 8, (bytes.length + 8) & 0xff, 0, 0, type, 0, 0, 0), bytes]);
}
const refuse = (text: string): Buffer => packet(4, `\x22\0${String.fromCharCode(text.length >> 8, text.length & 0xff)}${text}`);
const PONG = refuse("(DESCRIPTION=(TMP=)(VSNNUM=203424000)(ERR=0)(ALIAS=LISTENER))");

/** Each list of texts answers one connection, in each way of cutting it. */
async function answers(connections: readonly (readonly Buffer[])[], input: object = {}): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    let accepted = 0;
    const server = await listen((socket) => {
      const left = [...(connections[accepted++] ?? [])];
      socket.on("error", () => socket.destroy());
      socket.on("end", () => socket.end());
      socket.on("data", () => void sendInWay(socket, (left.shift() ?? Buffer.alloc(0)).toString("latin1"), way));
    });
    open.push(server);
    outputs.push(await ask(server.port, { command_timeout_ms: 400, ...input }));
  }
  return outputs;
}

/** VSNNUM, as tnsping and the listener's log show it. */
test.each([
  [153_092_352, "9.2.0.1.0"],
  [186_647_296, "11.2.0.3.0"],
  [203_424_000, "12.2.0.1.0"],
  [318_767_104, "19.0.0.0.0"],
  [352_321_536, "21.0.0.0.0"],
])("the version number %i", (value, version) => {
  expect(versionText(value)).toBe(version);
});

describe("a listener", () => {
  test("says its version and its name", async () => {
    for (const output of await answers([[PONG]]))
      expect(output).toMatchObject({ status: "ok", server_version: "12.2.0.1.0", listener: "LISTENER", service_accepted: null, auth: null });
  });

  test("asks for the packet again", async () => {
    const [first] = await answers([[packet(11, ""), PONG]]);
    expect(first).toMatchObject({ status: "ok", server_version: "12.2.0.1.0" });
    for (const output of await answers([Array.from({ length: 5 }, () => packet(11, ""))]))
      expect(output).toMatchObject({ failure: { phase: "greeting", code: "limit_exceeded" } });
  });

  test.each<[error: number, retryable: boolean, reason: string]>([
    [12514, false, "does not know the service"],
    [12505, false, "does not know the instance"],
    [12516, true, "has no handler with room"],
    [12528, true, "takes no new sessions".replace("takes", "take")],
    [12999, true, "refuses the session"],
  ])("refuses a service with ORA-%i", async (error, retryable, reason) => {
    const output = await serve({ error }, { service_name: "shop" });
    expect(output).toMatchObject({
      status: "error",
      service_accepted: false,
      failure: { phase: "command", code: "reply_rejected", reply_code: error, retryable },
    });
    expect(output.failure?.message).toContain(reason);
  });

  test("accepts a service, or an instance", async () => {
    expect(await serve({ services: ["shop"] }, { service_name: "shop" })).toMatchObject({ status: "ok", service_accepted: true });
    expect(await serve({ services: ["ORCL"] }, { sid: "ORCL" })).toMatchObject({ status: "ok", service_accepted: true });
  });

  test("sends its clients to another host, which is not followed", async () => {
    const to = "(ADDRESS=(PROTOCOL=TCP)(HOST=192.0.2.1)(PORT=1521))";
    for (const output of await answers([[PONG], [packet(5, `\0\x37${to}`)]], { service_name: "shop" }))
      expect(output).toMatchObject({ failure: { phase: "command", code: "unsupported" }, redirected_to: to });
  });

  test.each<[what: string, answer: Buffer, failure: object]>([
    ["silence", Buffer.alloc(0), { phase: "greeting", code: "timeout" }],
    ["half a header", Buffer.of(0, 8, 0), { phase: "greeting", code: "timeout" }],
    ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), { phase: "greeting", code: "protocol_violation" }],
    ["a packet of 4 bytes", Buffer.of(0, 4, 0, 0, 4, 0, 0, 0), { phase: "greeting", code: "protocol_violation" }],
    ["a packet of 65,535 bytes", Buffer.of(255, 255, 0, 0, 4, 0, 0, 0), { phase: "greeting", code: "limit_exceeded" }],
    ["an ACCEPT of the ping", packet(2, Buffer.alloc(33)), { phase: "greeting", code: "protocol_violation" }],
    ["data", packet(6, "\0\0hello"), { phase: "greeting", code: "protocol_violation" }],
  ])("%s", async (_, answer, failure) => {
    for (const output of await answers([[answer]])) expect(output).toMatchObject({ status: "error", failure });
  });

  test("a refusal without words", async () => {
    for (const output of await answers([[packet(4, "")]])) expect(output).toMatchObject({ status: "ok", server_version: null, listener: null });
  });

  test("endless packets", async () => {
    const server = await endless(packet(11, "").toString("latin1").repeat(1000));
    open.push(server);
    expect(await ask(server.port)).toMatchObject({ failure: { phase: "greeting", code: "limit_exceeded" } });
  });
});

describe("a login by oracledb", () => {
  test("a database that says nothing ends in a timeout", async () => {
    const output = await serve({ services: ["shop"] }, { service_name: "shop", auth, command_timeout_ms: 1000 });
    expect(output).toMatchObject({ failure: { phase: "auth", code: "timeout" }, auth: { accepted: false }, service_accepted: true });
    expect(output.operations.map(({ name }) => name)).toEqual(["connect", "ping", "connect", "connect to service", "login"]);
    expect(JSON.stringify(output)).not.toContain("correct-horse");
  });

  test("the end of the run ends it", async () => {
    const output = await serve({ services: ["shop"] }, { service_name: "shop", auth, timeout_ms: 1500 });
    expect(output).toMatchObject({ failure: { phase: "auth", code: "timeout" } });
  });

  test("a listener that refuses the second time", async () => {
    const accepted = packet(2, Buffer.from("013f0000200000000000000000000000000000000000000000002000000000ffff", "hex"));
    const [output] = await answers([[PONG], [accepted], [refuse("(DESCRIPTION=(ERR=12514))")]], { service_name: "shop", auth, command_timeout_ms: 5000 });
    expect(output).toMatchObject({ failure: { phase: "auth" }, auth: { accepted: false } });
  });
});

test.each<[what: string, input: object, pointer: string]>([
  ["a service's name with a bracket", { service_name: "shop)(X=1" }, "/service_name"],
  ["a service beside an instance", { service_name: "a", sid: "b" }, "/sid"],
  ["a login without a service", { auth }, "/auth"],
  ["a query without a login", { service_name: "a", query: { sql: "SELECT 1 FROM DUAL" } }, "/query"],
])("%s is refused before anything is sent", async (_, input, pointer) => {
  await expect(ask(1, input)).rejects.toMatchObject({ violations: [{ pointer }] });
});
