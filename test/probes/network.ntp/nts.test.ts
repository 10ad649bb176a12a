import { describe, expect, test } from "vitest";
import type { Output } from "../../../probes/network.ntp/schema.js";
import { type RunOptions, run } from "../../../runner/harness/run.js";
import { type NtsServer, type NtsServerSettings, record, startNtsServer } from "../../../runner/lab/nts-server.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { allowedTargets } from "../../../runner/queue/allowed-targets.js";
import { RunTargets } from "../../../runner/run/run-targets.js";

async function probe(settings: NtsServerSettings): Promise<Output & { readonly timePort: number }> {
  const server = await startNtsServer(settings);
  try {
    return { ...(await ask(server, server.port)), timePort: server.timePort };
  } finally {
    await server.close();
  }
}

async function ask({ timePort }: NtsServer, port: number, options: RunOptions = {}): Promise<Output> {
  const target = { target_host: "127.0.0.1", target_port: timePort, nts: { port, verify: "ignore" as const }, command_timeout_ms: 1500, timeout_ms: 8000 };
  return (await run("network.ntp", target, options)).output as Output;
}

const usual = (cookies: readonly Buffer[]): Buffer[] => [record(0x8001, [0, 0]), record(0x8004, [0, 15]), ...cookies.map((cookie) => record(5, cookie))];
const END = record(0x8000, []);

test("authenticated time counts", async () => {
  const output = await probe({ aheadMs: 5000 });
  expect(output).toMatchObject({ status: "ok", stratum: 2, nts: { cookies: 8, new_cookies: 1, authenticated: true, port: output.timePort } });
  expect(output.offset_ms).toBeGreaterThan(4000);
  expect(output.operations.map(({ name }) => name)).toEqual(["connect", "TLS", "NTS-KE", "NTP"]);
});

describe("a reply does not count", () => {
  const flipped = (at: (reply: Buffer) => number) => (reply: Buffer) => {
    const changed = Buffer.from(reply);
    const index = at(reply);
    changed[index] = (changed[index] as number) ^ 1;
    return changed;
  };
  // Each waits until its time is up.
  test.concurrent.each<[string, (reply: Buffer) => Buffer]>([
    ["whose time was changed", flipped(() => 45)],
    ["whose authenticator was changed", flipped((reply) => reply.length - 1)],
    ["with another identifier", flipped(() => 60)],
    ["without an authenticator", (reply) => reply.subarray(0, 84)],
    ["without extension fields", (reply) => reply.subarray(0, 48)],
    ["whose fields do not end with it", (reply) => Buffer.concat([reply, Buffer.from([1, 4])])],
    ["with a field of length 0", (reply) => Buffer.concat([reply, Buffer.alloc(4)])],
  ])("%s", async (_what, change) => {
    expect(await probe({ change })).toMatchObject({ status: "error", failure: { phase: "query", code: "timeout" }, nts: { authenticated: false } });
  });
});

test("a cookie that the server cannot read is a refusal with the code NTSN", async () => {
  const records = (cookies: readonly Buffer[]): Buffer => Buffer.concat([...usual(cookies.map(() => Buffer.alloc(64, 7))), END]);
  expect(await probe({ records })).toMatchObject({ status: "error", kiss_code: "NTSN", nts: { authenticated: false } });
});

describe("key establishment ends", () => {
  test.each<[string, (cookies: readonly Buffer[]) => Buffer, object]>([
    ["at an error", () => Buffer.concat([record(0x8002, [0, 1]), END]), { phase: "auth", code: "reply_rejected" }],
    ["without a cookie", () => Buffer.concat([...usual([]), END]), { phase: "auth", code: "protocol_violation" }],
    [
      "with another algorithm",
      (cookies) => Buffer.concat([record(0x8001, [0, 0]), record(0x8004, [0, 16]), record(5, cookies[0] as Buffer), END]),
      { code: "unsupported" },
    ],
    [
      "without a protocol",
      (cookies) => Buffer.concat([record(0x8001, []), record(0x8004, [0, 15]), record(5, cookies[0] as Buffer), END]),
      { code: "unsupported" },
    ],
    ["at an unknown critical record", (cookies) => Buffer.concat([record(0x8123, []), ...usual(cookies), END]), { phase: "auth", code: "unsupported" }],
    ["in the middle of a record", () => Buffer.from([0x80, 1, 0]), { phase: "auth", code: "closed" }],
    ["at a huge record", () => Buffer.from([0x00, 5, 0xff, 0xff]), { phase: "auth", code: "limit_exceeded" }],
    ["at records without end", () => Buffer.concat(Array.from({ length: 100 }, () => record(9, []))), { phase: "auth", code: "limit_exceeded" }],
  ])("%s", async (_what, records, failure) => {
    const output = await probe({ records });
    expect(output).toMatchObject({ status: "error", failure, samples: [], nts: { authenticated: false } });
  });

  test("an unknown record that is not critical is passed over", async () => {
    const records = (cookies: readonly Buffer[]): Buffer => Buffer.concat([record(0x0123, [1, 2, 3]), ...usual(cookies), END]);
    expect(await probe({ records })).toMatchObject({ status: "ok", nts: { authenticated: true } });
  });

  test("where another application protocol is spoken", async () => {
    expect((await probe({ alpn: ["h2"] })).failure).toMatchObject({ phase: "tls" });
  });

  test("where the port is closed, and where no server answers", async () => {
    const server = await startNtsServer();
    const closed = await listen(() => {});
    await closed.close();
    const silent = await listen((socket) => socket.resume());
    try {
      expect((await ask(server, closed.port)).failure).toMatchObject({ phase: "connect", code: "refused" });
      expect((await ask(server, silent.port)).failure).toMatchObject({ phase: "tls", code: "timeout" });
    } finally {
      await silent.close();
      await server.close();
    }
  });
});

describe("a server that key establishment names", () => {
  const naming =
    (name: string) =>
    (cookies: readonly Buffer[]): Buffer =>
      Buffer.concat([...usual(cookies), record(6, Buffer.from(name)), END]);

  test.each(["localhost", "127.0.0.1", "LOCALHOST"])("is asked at an address of the kind that the key server has: %s", async (name) => {
    expect(await probe({ records: naming(name) })).toMatchObject({ status: "ok", nts: { server: name, authenticated: true } });
  });

  test.each([
    ["169.254.169.254", "connect", "169.254.169.254 for the time: not a public address (link_local, RFC 3927)"],
    ["10.0.0.1", "connect", "(private, RFC 1918)"],
    ["::ffff:10.0.0.1", "connect", "(v4_mapped, RFC 4291, 2.5.5.2)"],
    ["fe80::1%eth0", "resolve", "is not a host name or an IP address"],
    ["", "resolve", "is not a host name or an IP address"],
  ])("gets nothing at another one that is not public: %s", async (name, phase, reason) => {
    const output = await probe({ records: naming(name) });
    expect(output).toMatchObject({ failure: { phase, code: "not_permitted", message: expect.stringContaining(reason) }, samples: [] });
  });

  test("gets nothing where the run may not connect to its address", async () => {
    const server = await startNtsServer({ records: naming("127.0.0.2") });
    try {
      const targets = new RunTargets(allowedTargets(["127.0.0.1"], true));
      expect(await ask(server, server.port, { targets })).toMatchObject({
        failure: { code: "not_permitted" },
        samples: [],
        nts: { server: "127.0.0.2", cookies: 8 },
      });
    } finally {
      await server.close();
    }
  });
});
