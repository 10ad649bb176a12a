// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of steps
import { afterEach, describe, expect, test } from "vitest";
import type { newest } from "../../../probes/network.tcp/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { type AcceptedSocket, listen, serveTls } from "../../../runner/net/transport/listen.js";
import type { FilledOf } from "../../../schemas/contract.js";
import { sendInWay, WAYS, type Way } from "../../support/byte-ways.js";
import { certificate, testAuthority } from "../../support/certificates.js";

type Output = FilledOf<(typeof newest)["output"]>;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** A server that says the first text, and the next one for each read. What it heard is kept. */
async function talker(texts: readonly string[], way: Way, thenClose = false) {
  const heard: Buffer[] = [];
  const server = await listen((socket) => {
    const left = [...texts];
    socket.on("end", () => socket.end());
    // One after the other: what is said to one read ends before the next begins.
    let said: Promise<void> = Promise.resolve();
    socket.on("data", (bytes) => {
      heard.push(bytes);
      said = said.then(() => say(socket));
    });
    const say = async (to: AcceptedSocket): Promise<void> => {
      const text = left.shift();
      if (text !== undefined) await sendInWay(to, text, way);
      if (left.length === 0 && thenClose) to.end();
    };
    said = say(socket);
  });
  open.push(server);
  return { server, heard: () => Buffer.concat(heard).toString("latin1") };
}

async function probe(port: number, input: object): Promise<Output> {
  const { output } = await run("network.tcp@1.0.0", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 6000, ...input });
  return output as Output;
}

describe.each(WAYS)("an answer that arrives %s", (way) => {
  test("a conversation with captures", async () => {
    const { server, heard } = await talker(["220-one\r\n220 mx.example.org ready\r\n", "250 mx hello\r\n", "221 bye\r\n"], way);
    const steps = [
      { name: "greeting", matches: "^220 (?<host>\\S+) (\\w+)" },
      { send: "EHLO ${host} ${2} ${unknown}\r\n" },
      { name: "hello", expect: "250 mx" },
      { send: "QUIT\r\n" },
      { matches: "^221" },
    ];
    const output = await probe(server.port, { steps });
    expect(output).toMatchObject({ status: "ok", failure: null, banner: "220-one\r\n220 mx.example.org ready\r\n", ip_address: "127.0.0.1" });
    expect(output.steps.map(({ name, outcome }) => [name, outcome])).toEqual([
      ["greeting", "done"],
      ["send", "done"],
      ["hello", "done"],
      ["send", "done"],
      ["expect", "done"],
    ]);
    expect(output.steps[0]).toMatchObject({ text: "220 mx.example.org ready", captures: { host: "mx.example.org", 1: "mx.example.org", 2: "ready" } });
    expect(output.operations.map(({ name }) => name)).toEqual(["connect", "greeting", "send", "hello", "send", "expect"]);
    expect(heard()).toBe("EHLO mx.example.org ready ${unknown}\r\nQUIT\r\n");
    expect(output).toMatchObject({ bytes_sent: heard().length, bytes_received: 58 });
  });

  test("bytes that are no text", async () => {
    const { server, heard } = await talker(["\x00\xff\xfe\x80S", "\x00N\x01"], way);
    const base64 = (text: string): string => Buffer.from(text, "latin1").toString("base64");
    const steps = [{ expect_base64: base64("\xff\xfe\x80S") }, { send_base64: base64("\x00\x00\xff") }, { expect_base64: base64("N\x01") }];
    expect(await probe(server.port, { steps })).toMatchObject({ status: "ok", banner_base64: base64("\x00\xff\xfe\x80S") });
    expect(heard()).toBe("\x00\x00\xff");
  });

  test("something else than was expected", async () => {
    const { server } = await talker(["554 no\r\n"], way);
    const output = await probe(server.port, { steps: [{ matches: "^220", timeout_ms: 400 }, { send: "QUIT\r\n" }] });
    expect(output).toMatchObject({
      status: "error",
      failure: { phase: "expect", code: "timeout" },
      banner: "554 no\r\n",
      steps: [{ outcome: "failed" }, { outcome: "not_reached", duration_ms: null }],
    });
  });

  test("a connection that closes: its last line counts without an end", async () => {
    const { server } = await talker(["one\r\nlast"], way, true);
    expect(await probe(server.port, { steps: [{ matches: "^last$" }] })).toMatchObject({ status: "ok" });
    expect(await probe(server.port, { steps: [{ matches: "^other$" }] })).toMatchObject({ failure: { phase: "expect", code: "closed" } });
  });

  test("more than a step reads", async () => {
    const { server } = await talker([`${"x".repeat(3000)}\r\nyes\r\n`], way);
    expect(await probe(server.port, { steps: [{ matches: "^yes", max_bytes: 1000 }] })).toMatchObject({ failure: { code: "limit_exceeded" } });
    expect(await probe(server.port, { steps: [{ expect: "yes", max_bytes: 1000 }] })).toMatchObject({ failure: { code: "limit_exceeded" } });
    expect(await probe(server.port, { steps: [{ expect: "yes" }] })).toMatchObject({ status: "ok" });
  });
});

test("without steps it only connects", async () => {
  const { server } = await talker([], "whole");
  expect(await probe(server.port, {})).toMatchObject({ status: "ok", steps: [], operations: [{ name: "connect" }] });
});

test("what was captured cannot add lines to what is sent", async () => {
  const { server, heard } = await talker(["a\u0001b\r\n"], "whole");
  const output = await probe(server.port, { steps: [{ matches: "^(.*)$" }, { send: "RCPT ${1}\r\n" }] });
  expect(output).toMatchObject({ failure: { phase: "send", code: "not_permitted" } });
  expect(heard()).toBe("");
});

test("a secret is sent, and shown nowhere", async () => {
  process.env.NETWORK_TCP_TEST = "s3cr3t-of-the-test";
  const { server, heard } = await talker(["", "you said s3cr3t-of-the-test\r\n"], "whole");
  const output = await probe(server.port, { steps: [{ send: { secret: "env:NETWORK_TCP_TEST" } }, { matches: "said (.*)" }] });
  delete process.env.NETWORK_TCP_TEST;
  expect(heard()).toBe("s3cr3t-of-the-test");
  expect(output).toMatchObject({ status: "ok", steps: [{}, { captures: { 1: "[secret]" } }] });
});

describe("TLS", () => {
  test("from the first byte, and in the middle", async () => {
    const secure = await listen((socket) => void serveTls(socket, certificate("localhost")).write("hello\r\n"));
    open.push(secure);
    expect(await probe(secure.port, { tls: { mode: "implicit", ca: testAuthority(), verify: "require" }, steps: [{ matches: "hello" }] })).toMatchObject({
      status: "ok",
      tls: { authorised: true },
    });
    expect(await probe(secure.port, { tls: { mode: "implicit", verify: "require" }, steps: [{ matches: "hello" }] })).toMatchObject({
      failure: { phase: "tls", code: "tls_certificate" },
      tls: { authorised: false },
      steps: [{ outcome: "not_reached" }],
    });
  });

  test("after STARTTLS, known by name or written as steps", async () => {
    const smtp = await startSmtpServer({ tls: "starttls" });
    open.push(smtp);
    const tls = { verify: "ignore" };
    const byName = await probe(smtp.port, { starttls: "smtp", tls, steps: [{ send: "NOOP\r\n" }, { matches: "^250 " }] });
    expect(byName).toMatchObject({ status: "ok", tls: { version: "TLSv1.3" } });
    const steps = [
      { matches: "^220 " },
      { send: "EHLO x\r\n" },
      { matches: "^250 " },
      { send: "STARTTLS\r\n" },
      { matches: "^220 " },
      { start_tls: true },
      { send: "NOOP\r\n" },
      { matches: "^250 " },
    ];
    expect(await probe(smtp.port, { tls, steps })).toMatchObject({ status: "ok", tls: { version: "TLSv1.3" } });
  });
});

test("wrong steps are reported at once, and nothing is sent", async () => {
  const error = (await run("network.tcp", {
    target_host: "127.0.0.1",
    target_port: 1,
    steps: [{ send: "a", expect: "b" }, {}, { matches: "(a+)+" }, { send_base64: "???" }, { sned: "x" }],
  } as never).catch((reason: unknown) => reason)) as { violations: { pointer: string }[] };
  expect(error.violations.map(({ pointer }) => pointer)).toEqual(
    expect.arrayContaining(["/steps/0", "/steps/1", "/steps/2/matches", "/steps/3/send_base64", "/steps/4/sned"]),
  );
});
