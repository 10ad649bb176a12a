import { constants, createHash, generateKeyPairSync, privateDecrypt } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.mysql/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startMysqlServer } from "../../../runner/lab/mysql-server.js";
import { MysqlDecoder } from "../../../runner/net/mysql/packet.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { sendInWay, WAYS } from "../../support/byte-ways.js";
import { mysqlError as error, mysqlGreeting as greeting, MYSQL_NONCE as NONCE, MYSQL_OK as OK, mysqlPacket as packet } from "../../support/mysql-packets.js";
import { endless, peer } from "../../support/peer.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const auth = { username: "ann", password: "correct-horse" };

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("data.mysql", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 400, auth, ...input } as never)).output as Output;
}

/** The first text is sent unasked, each other one when the client has spoken. */
async function answers([first = "", ...texts]: readonly string[], input: object = {}): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    const server = await peer(texts, way, first);
    open.push(server);
    outputs.push(await ask(server.port, input));
  }
  return outputs;
}

const NATIVE = greeting("mysql_native_password");
const END = "\xfe\0\0\x02\0";
const column = (type = "\xfd"): string => `\x03def\0\0\0\x01a\x01a\x0c\x2d\0\0\x04\0\0${type}\0\0\0\0\0`;
const PREPARED = packet(1, "\0\x01\0\0\0\x01\0\0\0\0\0\0") + packet(2, column()) + packet(3, END);
const DENIED = packet(1, error(1227));

describe("what servers answer", () => {
  test("a user without privileges", async () => {
    const result = packet(1, "\x01") + packet(2, column()) + packet(3, END) + packet(4, "\0\0\x01x") + packet(5, "\0\x04") + packet(6, END);
    const sets = [packet(1, error(1193)), packet(1, OK), packet(1, OK)];
    const talk = [NATIVE, packet(2, OK), packet(1, OK), DENIED, DENIED, DENIED, DENIED, ...sets, PREPARED, PREPARED, result, packet(1, OK)];
    for (const output of await answers(talk, { query: { sql: "SELECT a" } }))
      expect(output).toMatchObject({ status: "ok", failure: null, server_version: "8.4.0", role: null, offers_tls: true, rows: [["x"], [null]] });
  });

  test.each<[what: string, talk: string[], failure: object]>([
    ["too many connections", [packet(0, error(1040, ""))], { phase: "greeting", code: "reply_rejected", retryable: true }],
    ["a host that is not let in", [packet(0, error(1130, ""))], { phase: "greeting", code: "reply_rejected", retryable: false }],
    ["silence", [""], { phase: "greeting", code: "timeout" }],
    ["half a greeting", [NATIVE.slice(0, 20)], { phase: "greeting", code: "timeout" }],
    ["a greeting that is cut off", [packet(0, "\x0a8.4.0\0\x01\0")], { phase: "greeting", code: "protocol_violation" }],
    ["a version without an end", [packet(0, "\x0a8.4.0")], { phase: "greeting", code: "protocol_violation" }],
    ["an old server", [greeting("mysql_native_password", "\x01\0")], { phase: "greeting", code: "unsupported" }],
    ["SSH", ["SSH-2.0-OpenSSH_9.2\r\n"], { phase: "greeting", code: "limit_exceeded" }],
    ["an empty packet", ["\0\0\0\0"], { phase: "greeting", code: "protocol_violation" }],
    ["a packet of 16 MiB", ["\xff\xff\xff\0"], { phase: "greeting", code: "limit_exceeded" }],
    ["another number", [packet(3, NATIVE.slice(4))], { phase: "greeting", code: "protocol_violation" }],
    ["a plugin that is not known", [NATIVE, packet(2, `\xfedialog\0${NONCE}\0`)], { phase: "auth", code: "unsupported" }],
    ["a plugin's name from Object", [NATIVE, packet(2, `\xfeconstructor\0${NONCE}\0`)], { phase: "auth", code: "unsupported" }],
    ["the login before version 4.1", [NATIVE, packet(2, "\xfe")], { phase: "auth", code: "unsupported" }],
    ["no nonce", [NATIVE, packet(2, "\xfemysql_native_password\0")], { phase: "auth", code: "protocol_violation" }],
    ["a login that goes on", [NATIVE, packet(2, "\x01\x03")], { phase: "auth", code: "protocol_violation" }],
    ["a password in plain text", [NATIVE, packet(2, "\xfemysql_clear_password\0")], { phase: "auth", code: "not_permitted" }],
    ["the whole password", [greeting("caching_sha2_password"), packet(2, "\x01\x04")], { phase: "auth", code: "not_permitted" }],
    ["a file of this machine", [NATIVE, packet(2, "\xfb/etc/passwd")], { phase: "auth", code: "protocol_violation" }],
    [
      "a file of this machine for a question",
      [NATIVE, packet(2, OK), packet(1, OK), packet(1, "\xfb/etc/passwd")],
      { phase: "command", code: "protocol_violation" },
    ],
    ["endless columns", [NATIVE, packet(2, OK), packet(1, OK), packet(1, "\xfd\xff\xff\xff")], { phase: "command", code: "limit_exceeded" }],
    [
      "a value beyond its row",
      [NATIVE, packet(2, OK), packet(1, OK), packet(1, "\x01") + packet(2, column()) + packet(3, END) + packet(4, "\x09x")],
      { phase: "command", code: "protocol_violation" },
    ],
  ])("%s", async (_, talk, failure) => {
    for (const output of await answers(talk)) expect(output).toMatchObject({ status: "error", failure });
  });

  test("a change of plugins without an end", async () => {
    const talk = [NATIVE, ...Array.from({ length: 20 }, (_, index) => packet(2 + index * 2, `\xfemysql_native_password\0${NONCE}\0`))];
    for (const output of await answers(talk)) expect(output).toMatchObject({ failure: { phase: "auth", code: "limit_exceeded" } });
  });

  test.each<[what: string, result: string]>([
    ["a row that does not begin as one", packet(4, "\x05\0\x01x")],
    ["a value beyond its row", packet(4, "\0\0\x09x")],
    ["a length that begins with 255", packet(4, "\0\0\xffx")],
    ["a row without values", packet(4, "\0")],
  ])("a result that is wrong: %s", async (_, row) => {
    const before = [NATIVE, packet(2, OK), packet(1, OK), DENIED, DENIED, DENIED, DENIED, packet(1, OK), packet(1, OK), packet(1, OK)];
    const result = packet(1, "\x01") + packet(2, column()) + packet(3, END) + row;
    for (const output of await answers([...before, PREPARED, PREPARED, result], { query: { sql: "SELECT a" } }))
      expect(output).toMatchObject({ status: "error", failure: { phase: "query", code: "protocol_violation" }, rows: [] });
  });

  test("TLS that is not offered, and plain text after the greeting", async () => {
    const tls = { mode: "starttls", verify: "ignore" };
    for (const output of await answers([greeting("mysql_native_password", "\x01\x82")], { tls }))
      expect(output.failure).toMatchObject({ phase: "starttls", code: "unsupported" });
    const server = await peer([], "whole", NATIVE + packet(1, OK));
    open.push(server);
    expect((await ask(server.port, { tls })).failure).toMatchObject({ phase: "starttls", code: "protocol_violation" });
  });

  test("endless rows", async () => {
    const rows = packet(1, "\x01") + packet(2, column()) + packet(3, END);
    let sent = rows;
    for (let number = 4; number < 260; number++) sent += packet(number & 255, "\x01x");
    const server = await endless(sent, NATIVE);
    open.push(server);
    expect(await ask(server.port)).toMatchObject({ status: "error", failure: { code: "protocol_violation" } });
  });
});

/** A server of MySQL 8 that knows the password's hash only, as MySQL's documents describe it. */
describe("caching_sha2_password", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const sha256 = (...parts: readonly (Buffer | string)[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
  const stored = sha256(sha256(auth.password));

  /** What the client sent as its answer, checked against the stored hash. */
  const isRight = (answer: Buffer): boolean => {
    const mask = sha256(stored, NONCE);
    return sha256(Buffer.from(answer.map((byte, index) => byte ^ (mask[index] as number)))).equals(stored);
  };

  const serve = async (isCached: boolean, way: (typeof WAYS)[number]): Promise<{ port: number; passwords: string[] }> => {
    const passwords: string[] = [];
    const server = await listen((socket) => {
      const decoder = new MysqlDecoder();
      let step = 0;
      socket.on("error", () => socket.destroy());
      socket.on("end", () => socket.end());
      void sendInWay(socket, greeting("caching_sha2_password"), way);
      const reply = (number: number, body: string): void => void sendInWay(socket, packet(number, body), way);
      socket.on("data", (bytes: Buffer) => {
        decoder.push(bytes);
        for (let found = decoder.next(); found !== null; found = decoder.next()) {
          const { body, number } = found;
          step += 1;
          if (step === 1 && !isRight(body.subarray(body.indexOf(0, 32) + 2, body.indexOf(0, 32) + 34))) reply(number + 1, error(1045));
          else if (step === 1 && isCached) void sendInWay(socket, packet(number + 1, "\x01\x03") + packet(number + 2, OK), way);
          else if (step === 1) reply(number + 1, "\x01\x04");
          else if (step === 2 && body.length === 1 && body[0] === 2) reply(number + 1, `\x01${publicKey}`);
          else if (step === 3 && !isCached) {
            const covered = privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" }, body);
            passwords.push(Buffer.from(covered.map((byte, index) => byte ^ NONCE.charCodeAt(index % NONCE.length))).toString());
            reply(number + 1, OK);
          } else reply(number + 1, body[0] === 0x0e ? OK : error(1227));
        }
      });
    });
    open.push(server);
    return { port: server.port, passwords };
  };

  test.each(WAYS)("a server that remembers the password (%s)", async (way) => {
    const { port } = await serve(true, way);
    expect(await ask(port, { command_timeout_ms: 4000 })).toMatchObject({ status: "ok", auth: { method: "caching_sha2_password", accepted: true } });
    expect(await ask(port, { auth: { ...auth, password: "wrong-password" } })).toMatchObject({ failure: { phase: "auth", code: "reply_rejected" } });
  });

  test.each(WAYS)("a server that needs the whole password, encrypted with its key (%s)", async (way) => {
    const { port, passwords } = await serve(false, way);
    const output = await ask(port, { command_timeout_ms: 4000, auth: { ...auth, allow_plaintext: true } });
    expect(output).toMatchObject({ status: "ok", auth: { method: "caching_sha2_password", accepted: true } });
    expect(passwords).toEqual([`${auth.password}\0`]);
    expect(JSON.stringify(output)).not.toContain(auth.password);
  });

  test("an invalid key", async () => {
    const talk = [greeting("caching_sha2_password"), packet(2, "\x01\x04"), packet(4, "\x01no key")];
    for (const output of await answers(talk, { auth: { ...auth, allow_plaintext: true } }))
      expect(output.failure).toMatchObject({ phase: "auth", code: "protocol_violation" });
  });
});

test("the lab's server", async () => {
  const server = await startMysqlServer({ account: { username: "ann", password: auth.password }, value: "7" });
  open.push(server);
  expect(await ask(server.port, { query: { sql: "SELECT 7" }, expect: { value: "7", row_count: 1, role: "primary" } })).toMatchObject({ status: "ok" });
});
