import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { type AcceptedSocket, listen } from "../../../runner/net/transport/listen.js";
import { scripted, WAYS } from "../../support/byte-ways.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const REQUEST_KEY = /\r\nsec-websocket-key: ([A-Za-z0-9+/=]+)\r\n/i;

/** Cuts what is sent as a network may: whole, or byte by byte. */
function sendBy(socket: AcceptedSocket, bytes: Buffer, isWhole: boolean): void {
  if (isWhole) socket.write(bytes);
  else for (const byte of bytes) socket.write(Buffer.from([byte]));
}

/** A server of RFC 6455, written from its text: each frame of the client is unmasked and given to `answer`. */
async function webSocketServer(answer: (opcode: number, payload: Buffer) => Buffer | null, isWhole = true, head = (accept: string) => usual(accept)) {
  const server = await listen((socket) => {
    let pending = Buffer.alloc(0);
    let isOpen = false;
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      if (!isOpen) {
        const key = REQUEST_KEY.exec(pending.toString("latin1"))?.[1];
        if (key === undefined || !pending.includes("\r\n\r\n")) return;
        isOpen = true;
        pending = Buffer.alloc(0);
        sendBy(socket, Buffer.from(head(acceptOf(key))), isWhole);
        return;
      }
      while (pending.length >= 6) {
        const length = (pending[1] as number) & 0x7f;
        if (length > 125 || pending.length < 6 + length) return;
        expect((pending[1] as number) & 0x80).toBe(0x80);
        const mask = pending.subarray(2, 6);
        const payload = Buffer.from(pending.subarray(6, 6 + length).map((byte, index) => byte ^ (mask[index % 4] as number)));
        const reply = answer((pending[0] as number) & 0x0f, payload);
        pending = pending.subarray(6 + length);
        if (reply !== null) sendBy(socket, reply, isWhole);
      }
    });
  });
  open.push(server);
  return `http://127.0.0.1:${server.port}/`;
}

const acceptOf = (key: string): string => createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
const usual = (accept: string, more = ""): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n`;
const frame = (first: number, payload: Buffer | string): Buffer => {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from([first, bytes.length]), bytes]);
};
const PONG = 0x8a;
const TEXT = 0x81;
const CLOSE = 0x88;

/** Answers a ping with a pong, a message with itself, and a close with a close. */
const wellBehaved = (opcode: number, payload: Buffer): Buffer | null => {
  if (opcode === 9) return frame(PONG, payload);
  return frame(opcode === 8 ? CLOSE : TEXT, payload);
};

async function ask(url: string, input: object) {
  const { output } = await run("webapp.http", { url, command_timeout_ms: 4000, ...input } as never);
  return output as Record<string, unknown>;
}

describe("a WebSocket", () => {
  test.each([true, false])("makes one round trip with a ping (delivered whole: %s)", async (isWhole) => {
    const output = await ask(await webSocketServer(wellBehaved, isWhole), { websocket: {} });
    expect(output).toMatchObject({ status: "ok", failure: null, websocket: { protocol: null, message: null, close_code: 1000 } });
    expect((output.websocket as { round_trip_ms: number }).round_trip_ms).toBeGreaterThan(0);
  });

  test("sends a message, judges the server's, and reports the subprotocol", async () => {
    const url = await webSocketServer(wellBehaved, true, (accept) => usual(accept, "Sec-WebSocket-Protocol: chat\r\n"));
    const input = { websocket: { protocols: ["chat", "superchat"], send: "hello" } };
    expect(await ask(url, { ...input, expect: { message: "hello" } })).toMatchObject({ status: "ok", websocket: { protocol: "chat", message: "hello" } });
    expect(await ask(url, { ...input, prefer: { message: { contains: "bye" } } })).toMatchObject({
      status: "warning",
      findings: [{ reason: "message_differs" }],
    });
  });

  test("takes a fragmented answer with a ping between its fragments", async () => {
    const pieces = [frame(0x01, "he"), frame(0x89, "are you there"), frame(0x80, "llo")];
    const url = await webSocketServer((opcode) => (opcode === 1 ? Buffer.concat(pieces) : opcode === 8 ? frame(CLOSE, Buffer.from([3, 232])) : null), false);
    expect(await ask(url, { websocket: { send: "x" } })).toMatchObject({ status: "ok", websocket: { message: "hello" } });
  });

  test.each<[what: string, answer: Buffer, failure: object]>([
    ["a masked frame", Buffer.from([0x81, 0x80, 0, 0, 0, 0]), { code: "protocol_violation" }],
    ["a reserved bit", frame(0xc1, "x"), { code: "protocol_violation" }],
    ["a reserved opcode", frame(0x83, "x"), { code: "protocol_violation" }],
    ["a fragmented ping", frame(0x09, "x"), { code: "protocol_violation" }],
    ["a continuation of nothing", frame(0x80, "x"), { code: "protocol_violation" }],
    ["text that is not UTF-8", frame(TEXT, Buffer.from([0xc3, 0x28])), { code: "protocol_violation" }],
    ["a frame of 8 EiB", Buffer.from([0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255]), { code: "limit_exceeded" }],
    ["control frames without end", Buffer.concat(Array.from({ length: 200 }, () => frame(PONG, ""))), { code: "limit_exceeded" }],
    ["a close", frame(CLOSE, Buffer.from([3, 243])), { code: "closed" }],
  ])("%s instead of the answer ends it with a failure", async (_, answer, failure) => {
    const url = await webSocketServer((opcode) => (opcode === 1 ? answer : null));
    expect(await ask(url, { websocket: { send: "x" } })).toMatchObject({ status: "error", failure: { phase: "body", ...failure } });
  });

  test.each<[what: string, head: (accept: string) => string]>([
    ["a wrong Sec-WebSocket-Accept", () => usual(acceptOf("other"))],
    ["no Connection: Upgrade", (accept) => `HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`],
    ["another protocol", (accept) => `HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`],
    ["a subprotocol that was not offered", (accept) => usual(accept, "Sec-WebSocket-Protocol: chat\r\n")],
    ["an extension that was not offered", (accept) => usual(accept, "Sec-WebSocket-Extensions: permessage-deflate\r\n")],
  ])("a handshake with %s is a violation", async (_, head) => {
    expect(await ask(await webSocketServer(wellBehaved, true, head), { websocket: {} })).toMatchObject({
      status: "error",
      failure: { phase: "headers", code: "protocol_violation" },
      websocket: null,
    });
  });

  test("a silent server times out, and one that refuses is reported", async () => {
    expect(await ask(await webSocketServer(() => null), { websocket: {}, command_timeout_ms: 300 })).toMatchObject({
      failure: { phase: "body", code: "timeout" },
    });
    const server = await scripted(["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"], "whole", true);
    open.push(server);
    expect(await ask(`http://127.0.0.1:${server.port}/`, { websocket: {} })).toMatchObject({
      status: "error",
      failure: null,
      findings: [{ reason: "websocket_refused", actual: "404" }, { reason: "status_unexpected" }],
    });
  });

  test("what cannot be combined with it is refused before anything is sent", async () => {
    const refused = run("webapp.http", { url: "http://127.0.0.1:1/", websocket: {}, events: true, method: "POST", body: "x", version: "2" } as never);
    await expect(refused).rejects.toMatchObject({ violations: ["/events", "/method", "/body", "/version"].map((pointer) => ({ pointer })) });
  });
});

describe("server-sent events", () => {
  const stream = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n${body}`;

  test.each<[what: string, body: string, event: object]>([
    ["the usual one", "data: hello\n\n", { type: "message", id: null, data: "hello" }],
    [
      "comments, a name, an id and two lines",
      ": hi\r\n\r\nevent: tick\r\nid: 7\r\nretry: 10\r\ndata: a\r\ndata:b\r\n\r\nrest",
      { type: "tick", id: "7", data: "a\nb" },
    ],
    ["carriage returns only, after a byte order mark", "\ufeffdata: ü\r\r", { type: "message", data: "ü" }],
    ["an event without data does not count", "event: x\n\ndata\n\n", { type: "message", data: "" }],
  ])("%s", async (_, body, event) => {
    for (const way of WAYS) {
      const server = await scripted([Buffer.from(stream(body)).toString("latin1")], way, false);
      open.push(server);
      expect(await ask(`http://127.0.0.1:${server.port}/`, { events: true })).toMatchObject({ status: "ok", failure: null, event, findings: [] });
    }
  });

  test.each<[what: string, response: string, reason: string]>([
    ["a page", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\ndata: x\n\n", "no_event_stream"],
    ["a stream that ends within its first event", stream("data: x\n"), "no_event"],
  ])("%s is an error", async (_, response, reason) => {
    const server = await scripted([response], "whole", true);
    open.push(server);
    expect(await ask(`http://127.0.0.1:${server.port}/`, { events: true })).toMatchObject({ status: "error", event: null, findings: [{ reason }] });
  });
});
