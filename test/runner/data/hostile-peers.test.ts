import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Listener } from "../../../runner/net/transport/listen.js";
import { childRunner } from "../../support/child-run.js";
import { costOf, MAX_BUSY_MS, MAX_MEGABYTES } from "../../support/cost.js";
import { endless } from "../../support/peer.js";

const X = "x".repeat(65_536);
const row = `D\0\0\0\x0b\0\x01\0\0\0\x01x`;
const nothing = "*0\r\n";
const greeting = `\x0a8.4.0\0\x01\0\0\0abcdefgh\0\x01\x8a\x2d\x02\0\x08\0\x15${"\0".repeat(10)}ijklmnopqrst\0mysql_native_password\0`;
const mysqlGreeting = `${String.fromCharCode(greeting.length)}\0\0\0${greeting}`;

/** A message that never ends, as far as its protocol allows, and many small ones. */
const FLOODS: Readonly<Record<string, Readonly<Record<string, readonly [first: string, portion: string]>>>> = {
  "data.redis": { "an endless line": ["", `+${X}`], "an endless text": ["", `$1000000\r\n${X}`], "endless lists": ["", `*10000\r\n${nothing.repeat(10_000)}`] },
  "data.postgresql": {
    "an endless message": ["", `R\0\x0f\xff\xff${X}`],
    "endless rows": ["", row.repeat(5000)],
    "endless notices": ["", "N\0\0\0\x05\0".repeat(5000)],
  },
  "data.mysql": { "an endless packet": [mysqlGreeting, `\xff\xff\x0f\x02${X}`] },
  "data.mssql": { "endless packets": ["", `\x04\0\xff\xff\0\0\x01\0${X.slice(9)}`], "endless small packets": ["", "\x04\0\0\x09\0\0\x01\0x".repeat(5000)] },
  "data.mongodb": { "an endless message": ["", `\xff\xff\x0f\0${X}`] },
  "data.cassandra": { "an endless frame": ["", `\x84\0\0\x01\x06\0\x03\xff\xff${X}`] },
};

const child = childRunner();
afterAll(() => child.remove());

describe.each(Object.keys(FLOODS))("%s", (probe) => {
  let server: Listener | null = null;
  afterEach(() => server?.close());

  test.each(Object.entries(FLOODS[probe] ?? {}))(
    "%s costs little",
    async (_, [first, portion]) => {
      server = await endless(portion, first);
      const input = { target_host: "127.0.0.1", command_timeout_ms: 1500, timeout_ms: 4000, auth: { username: "ann", password: "correct-horse" } };
      const { code, megabytes, busyMs } = await costOf(child, probe, { ...input, target_port: server.port }, { ...input, target_port: 1 });
      expect(["limit_exceeded", "protocol_violation", "unsupported"]).toContain(code);
      expect(megabytes).toBeLessThan(MAX_MEGABYTES);
      expect(busyMs).toBeLessThan(MAX_BUSY_MS);
    },
    40_000,
  );
});
