import { getDiffieHellman } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/security.ssh/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startSshServer } from "../../../runner/lab/ssh-server.js";
import { encodeKexInit } from "../../../runner/net/ssh/kex-init.js";
import { string, uint32 } from "../../../runner/net/ssh/wire.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { sendInWay, WAYS } from "../../support/byte-ways.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("security.ssh", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 4000, ...input } as never)).output as Output;
}

/** Sends bytes (latin1) as soon as a client connects, divided in each way. */
async function says(text: string, input: object = {}, thenClose = false): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    const server = await listen((socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("end", () => socket.end());
      socket.resume();
      void sendInWay(socket, text, way).then(() => thenClose && socket.end());
    });
    open.push(server);
    outputs.push(await ask(server.port, input));
  }
  return outputs;
}

const packet = (payload: Buffer): string => {
  const padding = 8 + ((8 - ((5 + payload.length) % 8)) % 8);
  return Buffer.concat([uint32(1 + payload.length + padding), Buffer.from([padding]), payload, Buffer.alloc(padding)]).toString("latin1");
};
const both = { encryption_to_server: ["aes128-ctr"], encryption_to_client: ["aes128-ctr"], mac_to_server: ["hmac-sha2-256"], mac_to_client: ["hmac-sha2-256"] };
const INIT = { key_exchange: ["curve25519-sha256"], host_key: ["ssh-ed25519"], ...both, compression_to_server: ["none"], compression_to_client: ["none"] };
const HELLO = "SSH-2.0-Test\r\n";

describe("the beginning", () => {
  test.each<[what: string, text: string, expected: object]>([
    [
      "lines before the identification, and LF only",
      "Welcome\nto the test\nSSH-2.0-Test comment\n",
      { banner: "SSH-2.0-Test comment", software: "Test", lines_before: ["Welcome", "to the test"] },
    ],
    ["version 1.99", "SSH-1.99-Old\r\n", { protocol_version: "1.99" }],
  ])("%s is read", async (_, text, expected) => {
    for (const output of await says(text + packet(encodeKexInit(INIT)), { command_timeout_ms: 300 }))
      expect(output).toMatchObject({ ...expected, failure: { phase: "key_exchange", code: "timeout" }, algorithms: INIT });
  });

  test.each<[what: string, text: string, failure: object]>([
    ["version 1.5", "SSH-1.5-Older\r\n", { phase: "greeting", code: "unsupported" }],
    ["an identification without software", "SSH-2.0\r\n", { phase: "greeting", code: "protocol_violation" }],
    ["lines without end", "Welcome\r\n".repeat(60), { phase: "greeting", code: "limit_exceeded" }],
    ["a line without end", "x".repeat(5000), { phase: "greeting", code: "limit_exceeded" }],
    ["a packet of 2 GiB", `${HELLO}\x7f\xff\xff\xff\x04`, { phase: "key_exchange", code: "limit_exceeded" }],
    ["a packet shorter than its padding", `${HELLO}\0\0\0\x0c\xff`, { phase: "key_exchange", code: "protocol_violation" }],
    ["an invalid message", HELLO + packet(Buffer.from([99, 1, 2, 3])), { phase: "key_exchange", code: "protocol_violation" }],
    ["KEXINIT that is cut off", HELLO + packet(encodeKexInit(INIT).subarray(0, 40)), { phase: "key_exchange", code: "protocol_violation" }],
    ["IGNORE without end", HELLO + packet(Buffer.from([2, 0, 0, 0, 0])).repeat(40), { phase: "key_exchange", code: "limit_exceeded" }],
    [
      "a disconnection",
      HELLO + packet(Buffer.from("\x01\0\0\0\x0c\0\0\0\x08too many\0\0\0\0", "latin1")),
      { phase: "key_exchange", code: "closed", message: expect.stringContaining("too many") },
    ],
    [
      "no algorithm in common",
      HELLO + packet(encodeKexInit({ ...INIT, key_exchange: ["mlkem768x25519-sha256"] })),
      { phase: "key_exchange", code: "unsupported" },
    ],
    [
      "a public value of small order",
      HELLO + packet(encodeKexInit(INIT)) + packet(Buffer.concat([Buffer.from([31]), uint32(4), Buffer.from("key!"), uint32(32), Buffer.alloc(32), uint32(0)])),
      { phase: "key_exchange", code: "protocol_violation" },
    ],
  ])("%s ends it with a failure", async (_, text, failure) => {
    for (const output of await says(text)) expect(output).toMatchObject({ status: "error", failure });
  });

  test("a close before the identification, as by MaxStartups", async () => {
    for (const output of await says("", {}, true)) expect(output).toMatchObject({ failure: { phase: "greeting", code: "closed" } });
  });
});

test("a server that shows a key which it does not have is an error", async () => {
  const server = await startSshServer({ isImpostor: true });
  open.push(server);
  expect(await ask(server.port)).toMatchObject({
    status: "error",
    failure: null,
    host_keys: [{ verified: false }],
    findings: [{ reason: "signature_invalid" }],
  });
});

test("a host key that is not offered is a warning, and the others are read", async () => {
  const server = await startSshServer();
  open.push(server);
  expect(await ask(server.port, { host_key_algorithms: ["ssh-ed25519", "rsa-sha2-512"] })).toMatchObject({
    ...{ status: "warning", host_keys: [{ verified: true }] },
    findings: [{ reason: "host_key_not_offered", expected: "rsa-sha2-512" }],
  });
});

const GROUP_INIT = { ...INIT, key_exchange: ["diffie-hellman-group-exchange-sha256"] };
const group = (prime: Buffer, generator: Buffer): string => packet(Buffer.concat([Buffer.from([31]), string(prime), string(generator)]));

describe("diffie-hellman-group-exchange", () => {
  test("a group of 1024 bits is an error, whatever comes after it", async () => {
    const prime = getDiffieHellman("modp2").getPrime();
    for (const output of await says(HELLO + packet(encodeKexInit(GROUP_INIT)) + group(prime, Buffer.from([2])), {}, true))
      expect(output).toMatchObject({
        ...{ group_exchange_bits: 1024, failure: { phase: "key_exchange", code: "closed" } },
        findings: expect.arrayContaining([expect.objectContaining({ severity: "error", reason: "group_too_small", actual: "1024 bits" })]),
      });
  });

  test.each<[what: string, prime: Buffer, generator: Buffer, code: string]>([
    ["a group of zero", Buffer.alloc(0), Buffer.from([2]), "protocol_violation"],
    ["a generator of one", Buffer.alloc(256, 0x7f), Buffer.from([1]), "protocol_violation"],
    ["a generator that is as large as the group", Buffer.alloc(256, 0x7f), Buffer.alloc(256, 0x7f), "protocol_violation"],
    ["a group of 9,000 bits", Buffer.alloc(1125, 0x7f), Buffer.from([2]), "limit_exceeded"],
  ])("%s ends it with a failure", async (_, prime, generator, code) => {
    for (const output of await says(HELLO + packet(encodeKexInit(GROUP_INIT)) + group(prime, generator)))
      expect(output).toMatchObject({ status: "error", failure: { phase: "key_exchange", code } });
  });
});

/** Labelled by RFC 9142, RFC 8758, RFC 8332 and CVE-2023-48795, before the code was read. */
describe("the policy", () => {
  const MODERN = { ...INIT, key_exchange: ["mlkem768x25519-sha256", "curve25519-sha256", "kex-strict-s-v00@openssh.com"] };
  const encrypted = (...names: string[]): object => ({ encryption_to_server: names, encryption_to_client: names });
  const signed = (...names: string[]): object => ({ mac_to_server: names, mac_to_client: names });
  test.each<[what: string, offered: object, reasons: string[]]>([
    ["a modern server", {}, []],
    ["no key exchange that resists quantum computers", { key_exchange: ["curve25519-sha256", "kex-strict-s-v00@openssh.com"] }, ["warning no_post_quantum"]],
    ["a group of 1024 bits", { key_exchange: [...MODERN.key_exchange, "diffie-hellman-group1-sha1"] }, ["error weak_key_exchange"]],
    ["SHA-1 with a sufficient group", { key_exchange: [...MODERN.key_exchange, "diffie-hellman-group14-sha1"] }, ["warning weak_key_exchange"]],
    ["a curve of 163 bits", { key_exchange: [...MODERN.key_exchange, "ecdh-sha2-1.3.132.0.1"] }, ["error weak_key_exchange"]],
    ["Terrapin by ChaCha20", { key_exchange: MODERN.key_exchange.slice(0, 2), ...encrypted("chacha20-poly1305@openssh.com") }, ["warning terrapin"]],
    ["ChaCha20 with strict key exchange", encrypted("chacha20-poly1305@openssh.com"), []],
    ["no strict key exchange, and GCM only", { key_exchange: MODERN.key_exchange.slice(0, 2), ...encrypted("aes256-gcm@openssh.com") }, []],
    [
      "Terrapin by CBC and encrypt-then-MAC",
      { key_exchange: MODERN.key_exchange.slice(0, 2), ...encrypted("aes128-cbc"), ...signed("hmac-sha2-256-etm@openssh.com") },
      ["warning terrapin", "warning weak_encryption"],
    ],
    ["CBC with encrypt-and-MAC", { key_exchange: MODERN.key_exchange.slice(0, 2), ...encrypted("aes128-cbc") }, ["warning weak_encryption"]],
    ["RC4", encrypted("arcfour128"), ["error weak_encryption"]],
    ["a block of 64 bits", encrypted("3des-cbc"), ["warning weak_encryption"]],
    ["SHA-1 and MD5 in MACs", signed("hmac-sha1-etm@openssh.com", "hmac-md5"), ["warning weak_mac", "warning weak_mac"]],
    [
      "RSA signatures with SHA-1 and DSA",
      { host_key: ["ssh-rsa", "ssh-dss", "ssh-ed25519"] },
      ["error weak_host_key_algorithm", "warning weak_host_key_algorithm"],
    ],
  ])("%s", async (_, offered, reasons) => {
    const server = await startSshServer({ algorithms: { ...MODERN, ...offered } });
    open.push(server);
    const { findings } = await ask(server.port, { command_timeout_ms: 20_000 });
    expect(findings.map(({ severity, reason }) => `${severity} ${reason}`).sort()).toEqual(reasons);
  });
});
