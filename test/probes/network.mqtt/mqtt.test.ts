import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/network.mqtt/schema.js";
import { run } from "../../../runner/harness/run.js";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { sendInWay, WAYS } from "../../support/byte-ways.js";
import { freePorts } from "../../support/free-ports.js";
import { peer } from "../../support/peer.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { type RunningDaemon, runDaemon } from "../../support/run-daemon.js";
import { startWebSocketRelay } from "../../support/websocket-relay.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("network.mqtt", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 4000, ...input } as never)).output as Output;
}

/** Sends these bytes once the client has spoken, in each way, and stays connected. */
async function answers(hex: string, input: object = {}): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    const server = await listen((socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("end", () => socket.end());
      socket.once("data", () => void sendInWay(socket, Buffer.from(hex.replaceAll(" ", ""), "hex").toString("latin1"), way));
    });
    open.push(server);
    outputs.push(await ask(server.port, { command_timeout_ms: 400, ...input }));
  }
  return outputs;
}

/** MQTT 3.1.1 and 5, written out as bytes. */
test("live messages count behind more retained ones than are kept", async () => {
  const message = (retained: boolean): string => `${retained ? "31" : "30"} 05 00 01 61 00 78`;
  const latin1 = (hex: string): string => Buffer.from(hex.replaceAll(" ", ""), "hex").toString("latin1");
  const messages = [...Array.from({ length: 150 }, () => message(true)), message(false), message(false)].join("");
  // Whole: byte by byte the answer to the ping would come between the bytes of the messages.
  const broker = await peer([latin1("20 03 00 00 00"), latin1(`90 04 00 01 00 00 ${messages}`), latin1("d0 00")]);
  open.push(broker);
  const output = await ask(broker.port, { subscribe: [{ topic: "a" }], wait_ms: 20_000, expect: { min_messages: 2 } });
  expect(output).toMatchObject({ status: "ok", message_count: 152, live_count: 2 });
  expect(output.messages).toHaveLength(100);
});

describe("what brokers answer", () => {
  test.each<[what: string, version: string, hex: string, connack: object]>([
    ["accepted by 3.1.1", "3.1.1", "20 02 01 00", { code: 0, session_present: true, properties: {} }],
    ["a wrong password of 3.1.1", "3.1.1", "20 02 00 04", { code: 4, reason: "bad user name or password" }],
    ["not authorised by 3.1.1", "3.1.1", "20 02 00 05", { code: 5, reason: "not authorised" }],
    ["not authorised by 5, with a reason", "5", "20 08 00 87 05 1f 00 02 6e 6f", { code: 0x87, reason: "not authorised", properties: { reason_string: "no" } }],
    ["accepted by 5, with limits", "5", "20 08 00 00 05 13 00 0a 24 01", { code: 0, properties: { server_keep_alive: 10, maximum_qos: 1 } }],
  ])("%s", async (_, version, hex, connack) => {
    for (const output of await answers(hex, { version })) {
      expect(output.connack).toMatchObject(connack);
      // A broker that accepts, and then says nothing, does not answer the ping.
      expect(output.failure).toMatchObject(output.connack?.code === 0 ? { phase: "command", code: "timeout" } : { phase: "greeting", code: "reply_rejected" });
    }
  });

  test.each<[what: string, hex: string, failure: object]>([
    ["a length of five bytes", "20 ff ff ff ff 01", { code: "protocol_violation" }],
    ["a packet of 256 MiB", "20 ff ff ff 7f", { code: "limit_exceeded" }],
    ["a packet that nothing asked for", "90 03 00 01 00", { code: "protocol_violation" }],
    ["an unknown property", "20 05 00 00 02 7d 00", { code: "protocol_violation" }],
    ["properties beyond the packet", "20 03 00 00 7f", { code: "protocol_violation" }],
    ["CONNACK that is cut off", "20 01 00", { code: "protocol_violation" }],
    ["a disconnection of version 5", "e0 01 8b", { code: "closed", message: expect.stringContaining("server shutting down") }],
    ["HTTP", "48 54 54 50 2f 31 2e 31 20 34 30 30 0d 0a", { code: expect.stringMatching(/^(protocol_violation|timeout)$/) }],
  ])("%s", async (_, hex, failure) => {
    for (const output of await answers(hex)) expect(output).toMatchObject({ status: "error", failure });
  });

  test("a message of the quality of service 3", async () => {
    for (const output of await answers("20 03 00 00 00 36 05 00 01 61 00 00", { subscribe: [{ topic: "a" }] }))
      expect(output.failure).toMatchObject({ code: "protocol_violation" });
  });

  test("a message before the answer to its subscription", async () => {
    const replies = ["2003000000", "3005000161 0078 9004000100 00".replaceAll(" ", ""), "d000"];
    const server = await listen((socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("data", () => socket.write(Buffer.from(replies.shift() ?? "", "hex")));
    });
    open.push(server);
    expect(await ask(server.port, { subscribe: [{ topic: "a" }], wait_ms: 0 })).toMatchObject({
      failure: null,
      messages: [{ topic: "a", payload: "x", retained: false }],
    });
  });
});

test.each<[what: string, input: object, pointer: string]>([
  ["a filter with # in the middle", { subscribe: [{ topic: "a/#/b" }] }, "/subscribe/0/topic"],
  ["a filter with + in a level", { subscribe: [{ topic: "a+/b" }] }, "/subscribe/0/topic"],
  ["a message to a filter", { publish: { topic: "a/+", payload: "x" } }, "/publish/topic"],
])("%s is refused before anything is sent", async (_, input, pointer) => {
  await expect(ask(1, input)).rejects.toMatchObject({ violations: [{ pointer }] });
});

describe("over a WebSocket", () => {
  const websocket = { transport: "websocket" };
  /** Answers the opening handshake as the standard says, and CONNECT by these bytes. */
  async function opened(frames: string, protocol = "mqtt"): Promise<Output[]> {
    const outputs: Output[] = [];
    for (const way of WAYS) {
      const server = await listen((socket) => {
        socket.on("error", () => socket.destroy());
        socket.on("end", () => socket.end());
        socket.once("data", (bytes: Buffer) => {
          const [, key] = /Sec-WebSocket-Key: (\S+)/i.exec(bytes.toString("latin1")) ?? [];
          const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
          const chosen = protocol === "" ? "" : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
          const head = `HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`;
          socket.write(head);
          socket.once("data", () => void sendInWay(socket, Buffer.from(frames.replaceAll(" ", ""), "hex").toString("latin1"), way));
        });
      });
      open.push(server);
      outputs.push(await ask(server.port, { ...websocket, command_timeout_ms: 2000 }));
    }
    return outputs;
  }

  test.each<[what: string, frames: string, failure: object]>([
    ["a refusal by the broker, in two fragments with a ping between them", "02 02 2003 89 00 80 03 008700", { phase: "greeting", code: "reply_rejected" }],
    ["text instead of bytes", "81 02 2003", { phase: "greeting", code: "protocol_violation" }],
    ["a continuation of nothing", "80 02 2003", { phase: "greeting", code: "protocol_violation" }],
    ["a frame that is masked", "82 82 00000000 2003", { phase: "greeting", code: "protocol_violation" }],
    ["a frame of 4 GiB", "82 7f 00000001 00000000", { phase: "greeting", code: "limit_exceeded" }],
    ["pings without end", "8900".repeat(200), { phase: "greeting", code: "limit_exceeded" }],
    ["a close", "88 02 03f3", { phase: "greeting", code: "closed", message: expect.stringContaining("1011") }],
  ])("%s", async (_, frames, failure) => {
    for (const output of await opened(frames)) expect(output).toMatchObject({ status: "error", failure });
  });

  test.each(["", "chat"])("a server that does not choose mqtt, but %j, is not spoken to", async (protocol) => {
    for (const output of await opened("", protocol)) expect(output).toMatchObject({ connack: null, failure: { phase: "headers", code: "protocol_violation" } });
  });

  test("a server that opens no WebSocket is named by its status", async () => {
    const server = await peer(["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]);
    open.push(server);
    expect(await ask(server.port, websocket)).toMatchObject({ failure: { phase: "headers", code: "reply_rejected", message: expect.stringContaining("404") } });
  });

  test.each(["mqtt", "//a b", "/a\r\nX: y"])("the path %j is refused before anything is sent", async (path) => {
    await expect(ask(1, { ...websocket, path })).rejects.toMatchObject({ violations: [{ pointer: "/path" }] });
  });
});

realServer("mosquitto", ["mosquitto"], () => {
  let broker: RunningDaemon;
  let tlsPort: number;

  beforeAll(async () => {
    [tlsPort] = (await freePorts(1)) as [number];
    const { certificate, key } = selfSigned({ names: ["localhost", "127.0.0.1"] });
    broker = await runDaemon("mosquitto", programPath("mosquitto") as string, (folder, port) => {
      writeFileSync(join(folder, "cert.pem"), certificate);
      writeFileSync(join(folder, "key.pem"), key);
      writeFileSync(join(folder, "passwords"), "ann:correct-horse\n");
      execFileSync("mosquitto_passwd", ["-U", join(folder, "passwords")]);
      const common = ["set_tcp_nodelay true", "allow_anonymous false", `password_file ${join(folder, "passwords")}`];
      const listeners = [
        `listener ${port} 127.0.0.1`,
        `listener ${tlsPort} 127.0.0.1`,
        `certfile ${join(folder, "cert.pem")}`,
        `keyfile ${join(folder, "key.pem")}`,
      ];
      const user = process.getuid?.() === 0 ? ["user root"] : [];
      writeFileSync(join(folder, "mosquitto.conf"), [...user, ...common, ...listeners, ""].join("\n"));
      return ["-c", join(folder, "mosquitto.conf")];
    });
  }, 30_000);
  afterAll(() => broker.stop());

  const login = { username: "ann", password: "correct-horse", allow_plaintext: true };

  test("a password is not sent in plain text unless that is allowed", async () => {
    const output = await ask(broker.port, { username: "ann", password: "correct-horse" });
    expect(output).toMatchObject({ failure: { phase: "auth", code: "not_permitted" }, connack: null });
    expect(output.operations.map(({ name }) => name)).not.toContain("CONNECT");
  });

  test.each(["3.1.1", "5"])("a round trip by version %s", async (version) => {
    const output = await ask(broker.port, { version, ...login, subscribe: [{ topic: "probe/#", qos: 1 }], publish: { topic: "probe/test", payload: "grüße" } });
    expect(output).toMatchObject({ status: "ok", failure: null, connack: { code: 0, session_present: false }, subscriptions: [{ code: 1 }] });
    expect(output.messages).toMatchObject([{ topic: "probe/test", payload: "grüße", retained: false, payload_bytes: 7 }]);
    expect(output.published?.round_trip_ms).toBeGreaterThan(0);
    expect(output.ping_ms).toBeGreaterThan(0);
    expect(JSON.stringify(output)).not.toContain("correct-horse");
  });

  test("a retained message is no sign of life", async () => {
    await ask(broker.port, { ...login, publish: { topic: "sensor/1", payload: "21.5", retain: true } });
    const output = await ask(broker.port, {
      ...login,
      subscribe: [{ topic: "sensor/1" }],
      wait_ms: 300,
      prefer: { min_messages: 1 },
      expect: { message: "21.5" },
    });
    expect(output).toMatchObject({ status: "warning", messages: [{ retained: true, payload: "21.5" }], findings: [{ reason: "too_few_messages" }] });
  });

  test.each(["3.1.1", "5"])("a wrong password is the broker's refusal (version %s)", async (version) => {
    expect(await ask(broker.port, { ...login, version, password: "wrong-password" })).toMatchObject({
      status: "error",
      failure: { phase: "greeting", code: "reply_rejected" },
    });
  });

  test.each([1, 65_535])("a round trip over a WebSocket, in frames of %i bytes at most", async (piece) => {
    const relay = await startWebSocketRelay(broker.port, { piece });
    open.push(relay);
    const websocket = { transport: "websocket", path: "/broker?room=1" };
    const output = await ask(relay.port, { ...websocket, ...login, subscribe: [{ topic: "ws/#", qos: 1 }], publish: { topic: "ws/test", payload: "grüße" } });
    expect(output).toMatchObject({ status: "ok", failure: null, connack: { code: 0 }, subscriptions: [{ code: 1 }] });
    expect(output.messages).toMatchObject([{ topic: "ws/test", payload: "grüße" }]);
    expect(output.published?.round_trip_ms).toBeGreaterThan(0);
    expect(output.operations.map(({ name }) => name)).toEqual(expect.arrayContaining(["connect", "request", "first byte", "headers", "CONNECT", "SUBSCRIBE"]));
    expect(relay.asked).toEqual([{ path: "/broker?room=1", protocol: "mqtt" }]);
    expect(JSON.stringify(output)).not.toContain("correct-horse");
  });

  test.each([1, 65_535])("a round trip over a WebSocket inside TLS, in frames of %i bytes at most", async (piece) => {
    const certificate = selfSigned({ names: ["127.0.0.1"] });
    const relay = await startWebSocketRelay(broker.port, { piece, certificate });
    open.push(relay);
    const tls = { mode: "implicit", verify: "require", ca: certificate.certificate };
    const talk = { transport: "websocket", tls, ...login, allow_plaintext: false, subscribe: [{ topic: "wss/#", qos: 1 }] };
    const output = await ask(relay.port, { ...talk, publish: { topic: "wss/test", payload: "grüße" } });
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      tls: { authorised: true },
      connack: { code: 0 },
      messages: [{ topic: "wss/test", payload: "grüße" }],
    });
    expect(output.operations.map(({ name }) => name)).toEqual(expect.arrayContaining(["connect", "TLS", "request", "CONNECT", "SUBSCRIBE", "PUBLISH"]));
    expect(relay.asked).toEqual([{ path: "/mqtt", protocol: "mqtt" }]);
    expect(JSON.stringify(output)).not.toContain("correct-horse");
    // Without TLS the password does not leave, and TLS without trust ends before the WebSocket.
    expect(await ask(broker.port, { ...talk, tls: { mode: "none" } })).toMatchObject({ status: "error", connack: null });
    expect(await ask(relay.port, { ...talk, tls: { mode: "implicit", verify: "require" } })).toMatchObject({
      failure: { phase: "tls", code: "tls_certificate" },
    });
    expect(relay.asked).toHaveLength(1);
  });

  test("TLS, and TLS on the plain port", async () => {
    expect(await ask(tlsPort, { ...login, tls: { mode: "implicit", verify: "ignore" } })).toMatchObject({ status: "ok", tls: { version: "TLSv1.3" } });
    expect(await ask(broker.port, { ...login, tls: { mode: "implicit", verify: "ignore" } })).toMatchObject({ status: "error", failure: { phase: "tls" } });
    expect(await ask(tlsPort, { ...login, command_timeout_ms: 1500 })).toMatchObject({ status: "error" });
  });
});
