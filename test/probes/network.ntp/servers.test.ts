import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/network.ntp/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startNtpServer } from "../../../runner/lab/ntp-server.js";
import { encodeTimestamp } from "../../../runner/net/ntp/message.js";
import { listenUdp } from "../../../runner/net/udp/listen.js";
import { startChrony } from "../../support/chrony.js";
import { realServer } from "../../support/real-servers.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("network.ntp", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 4000, ...input })).output as Output;
}

/** A server that answers each request with what `reply` makes of it. */
async function scripted(reply: (request: Buffer) => Buffer | readonly Buffer[] | null): Promise<number> {
  const server = await listenUdp((request, send) => {
    for (const each of [reply(request) ?? []].flat() as Buffer[]) send(each);
  });
  open.push(server);
  return server.port;
}

/** A reply as RFC 5905, section 7.3, lays it out. */
function replyTo(request: Buffer, { first = 0x24, stratum = 1, id = "GPS\0", ahead = 0, origin = request.subarray(40, 48) as Buffer } = {}): Buffer {
  const bytes = Buffer.alloc(48);
  bytes.set([first, stratum, 6, 0xec]);
  bytes.write(id, 12, "latin1");
  const now = Date.now() + ahead;
  encodeTimestamp(now - 1000).copy(bytes, 16);
  origin.copy(bytes, 24);
  encodeTimestamp(now).copy(bytes, 32);
  encodeTimestamp(now).copy(bytes, 40);
  return bytes;
}

describe("a reply", () => {
  test("gives offset, delay and what the server says of itself", async () => {
    const output = await ask(await scripted((request) => replyTo(request, { ahead: 5000 })));
    expect(output).toMatchObject({
      status: "ok",
      stratum: 1,
      reference_id: "GPS",
      leap: "none",
      version: 4,
      synchronised: true,
      kiss_code: null,
      ip_address: "127.0.0.1",
    });
    expect(output.connected_time).toBeNull();
    // The other end is this machine: only the delay, and the milliseconds of Date.now(), are between the clocks.
    expect(Math.abs((output.offset_ms as number) - 5000)).toBeLessThan((output.delay_ms as number) / 2 + 4);
    expect(output.reference_age_s).toBeCloseTo(1, 3);
  });

  test("of the era that begins in 2036 is read as one near to now", async () => {
    const port = await scripted((request) => {
      const bytes = replyTo(request);
      // Seconds 0 and 1 of the next era, with a fraction so that they are not empty.
      for (const at of [32, 40]) bytes.writeBigUInt64BE(1n << 31n, at);
      return bytes;
    });
    const output = await ask(port);
    expect(Math.abs(Date.now() + (output.offset_ms as number) - Date.UTC(2036, 1, 7, 6, 28, 16))).toBeLessThan(20_000);
  });

  test.each<[what: string, forged: (request: Buffer) => Buffer]>([
    ["with another origin", (request) => replyTo(request, { origin: Buffer.alloc(8, 7) })],
    ["of mode 6", () => Buffer.from([0x16, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
    ["of another client", (request) => replyTo(request, { first: 0x23 })],
    ["that is empty", () => Buffer.alloc(0)],
  ])("%s is passed over, and the right one counts", async (_, forged) => {
    const port = await scripted((request) => [forged(request), replyTo(request, { ahead: 60_000 })]);
    expect((await ask(port)).offset_ms).toBeGreaterThan(50_000);
  });

  test.each<[what: string, reply: (request: Buffer) => Buffer, expected: object]>([
    ["RATE", (request) => replyTo(request, { stratum: 0, id: "RATE" }), { kiss_code: "RATE", synchronised: false, findings: [{ reason: "kiss_of_death" }] }],
    ["DENY", (request) => replyTo(request, { stratum: 0, id: "DENY" }), { kiss_code: "DENY", findings: [{ reason: "kiss_of_death" }] }],
    ["leap 3", (request) => replyTo(request, { first: 0xe4 }), { synchronised: false, leap: "not_synchronised", findings: [{ reason: "synchronisation" }] }],
    ["stratum 16", (request) => replyTo(request, { stratum: 16 }), { synchronised: false, findings: [{ reason: "synchronisation" }] }],
    [
      "no transmit time",
      (request) => Buffer.concat([replyTo(request).subarray(0, 40), Buffer.alloc(8)]),
      { failure: { code: "protocol_violation" }, samples: [{ outcome: "invalid" }] },
    ],
    ["version 7", (request) => replyTo(request, { first: 0x3c }), { failure: { code: "protocol_violation" } }],
  ])("%s is an error", async (_, reply, expected) => {
    expect(await ask(await scripted(reply))).toMatchObject({ status: "error", ...expected });
  });
});

describe("no reply", () => {
  test("from a closed port is reported at once", async () => {
    const server = await startNtpServer();
    await server.close();
    expect(await ask(server.port, { command_timeout_ms: 20_000, timeout_ms: 25_000 })).toMatchObject({
      status: "error",
      failure: { phase: "query", code: "refused" },
    });
  });

  test("ends in a timeout, and with the run", async () => {
    const port = await scripted(() => null);
    expect(await ask(port, { command_timeout_ms: 200 })).toMatchObject({ failure: { phase: "query", code: "timeout" }, samples: [{ outcome: "timeout" }] });
    expect(await ask(port, { timeout_ms: 200 })).toMatchObject({ failure: { code: "timeout" } });
  });

  test("among foreign datagrams without end is a limit", async () => {
    const port = await scripted(() => Array.from({ length: 100 }, () => Buffer.alloc(48)));
    expect(await ask(port)).toMatchObject({ failure: { code: "limit_exceeded" } });
  });
});

describe("several requests", () => {
  test("stop at RATE, and what came before counts", async () => {
    let count = 0;
    const port = await scripted((request) => (++count === 1 ? replyTo(request) : replyTo(request, { stratum: 0, id: "RATE" })));
    const output = await ask(port, { samples: 8, interval_ms: 1000 });
    expect(output.samples.map(({ outcome }) => outcome)).toEqual(["reply", "kiss"]);
    expect(output).toMatchObject({ status: "error", kiss_code: "RATE" });
    expect(output.offset_ms).not.toBeNull();
  });

  test("survive a lost one", async () => {
    let count = 0;
    const port = await scripted((request) => (++count === 1 ? null : replyTo(request)));
    const output = await ask(port, { samples: 2, interval_ms: 1000, command_timeout_ms: 300 });
    expect(output).toMatchObject({ status: "warning", failure: null, findings: [{ reason: "samples_lost" }] });
  });
});

realServer("chrony", ["chronyd"], () => {
  test("gives authenticated time, with a new cookie in each reply", async () => {
    const server = await startChrony();
    try {
      const nts = { port: server.ntsPort, ca: server.certificate };
      const output = await ask(server.port, { nts, samples: 2, interval_ms: 1000, expect: { max_stratum: 3 } });
      expect(output).toMatchObject({
        status: "ok",
        failure: null,
        stratum: 3,
        nts: { server: "127.0.0.1", port: server.port, cookies: 8, authenticated: true },
      });
      expect(output.nts).toMatchObject({ new_cookies: 2, tls: { version: "TLSv1.3", alpn: "ntske/1", authorised: true } });
      // The clocks are the same: both ways must agree.
      const plain = await ask(server.port);
      expect(plain.nts).toBeNull();
      expect(Math.abs((plain.offset_ms as number) - (output.offset_ms as number))).toBeLessThan(100);
      const untrusted = await ask(server.port, { nts: { port: server.ntsPort } });
      expect(untrusted).toMatchObject({ failure: { phase: "tls", code: "tls_certificate" }, nts: { authenticated: false }, samples: [] });
    } finally {
      await server.stop();
    }
  });

  test("is read as it says itself", async () => {
    const server = await startChrony();
    try {
      const output = await ask(server.port, { expect: { max_stratum: 3, max_offset_ms: 500 } });
      expect(output).toMatchObject({ status: "ok", stratum: 3, leap: "none", synchronised: true, version: 4, reference_id: "127.127.1.1" });
    } finally {
      await server.stop();
    }
  });
});
