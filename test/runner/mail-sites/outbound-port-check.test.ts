import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { OutboundTest, parseReferences } from "../../../runner/mail-sites/outbound-port-check.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { blackHole } from "../../support/black-hole.js";
import { childRunner } from "../../support/child-run.js";
import { CLOSED_PORT } from "../../support/free-ports.js";
import { type RcptOutput, rcptInput } from "../../support/rcpt-behaviours.js";
import { spawnProbeRun } from "../cli/command-line.js";

const children = childRunner();
afterAll(() => children.remove());
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

test("is open when one of the references takes a connection", async () => {
  const server = await listen((socket) => socket.end());
  open.push(server);
  const references = [
    { host: "127.0.0.1", port: CLOSED_PORT },
    { host: "127.0.0.1", port: server.port },
  ];
  expect(await new OutboundTest(references).isOpen()).toBe(true);
});

test("is asked once in five minutes, however many want to know", async () => {
  let now = 0;
  const server = await listen((socket) => socket.end());
  open.push(server);
  const outbound = new OutboundTest([{ host: "127.0.0.1", port: server.port }], () => now);
  await Promise.all([outbound.isOpen(), outbound.isOpen(), outbound.isOpen()]);
  expect(server.connections).toBe(1);
  now = 300_001;
  await outbound.isOpen();
  expect(server.connections).toBe(2);
});

test("is closed if no server answers within the timeout", async () => {
  const port = CLOSED_PORT;
  open.push(await blackHole("127.0.0.1", port));
  const outbound = new OutboundTest([{ host: "127.0.0.1", port }], Date.now, 100);
  const began = performance.now();
  expect(await outbound.isOpen()).toBe(false);
  expect(performance.now() - began).toBeLessThan(1000);
  outbound.sawOpen();
  expect(await outbound.isOpen()).toBe(true);
});

describe("its references", () => {
  test.each([
    [undefined, null],
    [" ", null],
    ["mx.example.org", [{ host: "mx.example.org", port: 25 }]],
    [
      "mx.example.org:2525, [::1]:26",
      [
        { host: "mx.example.org", port: 2525 },
        { host: "::1", port: 26 },
      ],
    ],
  ])("%j are %j", (written, references) => {
    expect(parseReferences(written)).toEqual(references);
  });

  test("that are invalid are reported", () => {
    expect(() => parseReferences("mx.example.org:port")).toThrow("SMTP_SELF_TEST_HOSTS");
  });
});

test("a run that reaches no host, on a machine that reaches none, reports a blocked port", async () => {
  const port = CLOSED_PORT;
  open.push(await blackHole("127.0.0.1", port));
  // What a process knows of the world is found out once: this run has a process of its own.
  const input = { ...rcptInput(port), email: "ada@example.org", connect_timeout_ms: 100 };
  const output = await children.eval(`
    process.env.SMTP_SELF_TEST_HOSTS = "127.0.0.2:${port}";
    console.log(JSON.stringify((await run("mail.rcpt@1.0.0", ${JSON.stringify(input)})).output));`);
  expect((output as RcptOutput).results[0]).toMatchObject({ reason: "outbound_blocked", verdict: "unknown", rule: "about_us", decided_at: "connect" });
  expect(output).toMatchObject({ status: "error", failure: { phase: "connect", code: "not_permitted", retryable: true } });
});

test("a list of such addresses ends at once, with one word about the machine and no row", async () => {
  const port = CLOSED_PORT;
  open.push(await blackHole("127.0.0.1", port));
  const folder = mkdtempSync(join(tmpdir(), "probe-run-outbound-"));
  try {
    const settings = Object.entries({ mx_port: port, allow_private_addresses: true, connect_timeout_ms: 100 }).map(([name, value]) => `--set=${name}=${value}`);
    const stdin = Array.from({ length: 30 }, (_, index) => `ada@d${index}.example\n`).join("");
    const env = { SMTP_SELF_TEST_HOSTS: `127.0.0.2:${port}` };
    const { code, out, err } = await spawnProbeRun(["rcpt", "-", "--mx-host", "127.0.0.1", ...settings], { stdin, cwd: folder, env });
    expect(code).toBe(3);
    expect(out.trimEnd().split("\r\n")).toHaveLength(1);
    expect(err.match(/could not run: .*reaches no mail host at port/g)).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
