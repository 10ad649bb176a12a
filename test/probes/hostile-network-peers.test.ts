import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { listen } from "../../runner/net/transport/listen.js";
import { listenUdp } from "../../runner/net/udp/listen.js";
import { childRunner } from "../support/child-run.js";
import { costOf, MAX_BUSY_MS, MAX_MEGABYTES } from "../support/cost.js";
import { endless, endlessUnasked } from "../support/peer.js";

const X = "x".repeat(65_536);
const bytes = (hex: string): string => Buffer.from(hex.replaceAll(" ", ""), "hex").toString("latin1");
/** A record of the handshake with 16 KiB of a message that announces 16 MB. */
const TLS_RECORD = `\x16\x03\x03\x40\x00\x02\xff\xff\xff${"\0".repeat(16_380)}`;

interface Server {
  readonly port: number;
  close(): Promise<unknown>;
}
interface Flood {
  start(): Promise<Server>;
  readonly input?: object;
  readonly codes: readonly (string | null)[];
}

/** Sent when the client has spoken; `first` is sent unasked. */
const asked = (portion: string, codes: Flood["codes"], { first = "", input = {} } = {}): Flood => ({ start: () => endless(portion, first), codes, input });
const unasked = (portion: string, codes: Flood["codes"], input: object = {}): Flood => ({ start: () => endlessUnasked(portion), codes, input });
const LIMIT = ["limit_exceeded"];

/** A byte every 20 ms, so that no timeout of the socket ends it. */
const drip: Flood = {
  start: () =>
    listen((socket) => {
      const timer = setInterval(() => socket.write("2"), 20);
      socket.on("error", () => socket.destroy());
      socket.on("end", () => socket.end());
      socket.on("close", () => clearInterval(timer));
      socket.resume();
    }),
  codes: ["timeout", "protocol_violation"],
};
const silent: Flood = {
  start: () =>
    listen(
      (socket) =>
        void socket
          .on("error", () => socket.destroy())
          .on("end", () => socket.end())
          .resume(),
    ),
  codes: ["timeout"],
};
const SLOW: Readonly<Record<string, Flood>> = { "a slow drip": drip, silence: silent };

/** As many datagrams as there is room for, in answer to each. */
const datagrams = (datagram: string, codes: Flood["codes"], input: object = {}): Flood => ({
  async start() {
    const timers = new Set<NodeJS.Timeout>();
    const server = await listenUdp((_, send) => {
      const again = (): void => {
        for (let count = 0; count < 200; count++) send(Buffer.from(datagram, "latin1"));
      };
      again();
      timers.add(setInterval(again, 5));
    });
    const close = (): Promise<void> => {
      for (const timer of timers) clearInterval(timer);
      return server.close();
    };
    return { port: server.port, close };
  },
  codes,
  input,
});

/** A control connection that accepts everything, and a data connection that never ends. */
function ftpServer(portion: string): Flood["start"] {
  return async () => {
    const data = await endlessUnasked(portion);
    const replies: Readonly<Record<string, string>> = {
      USER: "230 in",
      SYST: "215 UNIX",
      TYPE: "200 fine",
      EPSV: `229 (|||${data.port}|)`,
      LIST: "150 here",
      RETR: "150 here",
    };
    const control = await listen((socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("end", () => socket.end());
      socket.on("data", (line: Buffer) => socket.write(`${replies[line.toString("latin1").slice(0, 4).trim()] ?? "500 no"}\r\n`));
      socket.write("220 ready\r\n");
    });
    return { port: control.port, close: () => Promise.all([control.close(), data.close()]) };
  };
}

const LDAP_ENTRY = bytes("30 0b 02 01 01 64 06 04 02 64 63 30 00");
const SSH_BANNER = "SSH-2.0-flood\r\n";
const SSH_IGNORE = bytes("00 00 00 0c 06 02 00 00 00 00 00 00 00 00 00 00");
const CONNACK = bytes("20 03 00 00 00");
const PUBLISH = bytes("30 05 00 01 61 00 78");
const anonymous = { auth: { username: "anonymous" } };

const FLOODS: Readonly<Record<string, Readonly<Record<string, Flood>>>> = {
  "network.mqtt": {
    ...SLOW,
    "a packet of 256 MB": asked(bytes("30 ff ff ff 7f") + X, LIMIT),
    "a length without an end": asked(bytes("30 ff ff ff ff") + X, ["protocol_violation"]),
    "endless messages": asked(PUBLISH.repeat(8000), ["limit_exceeded", "timeout"], { first: "" }),
    "endless messages after the connection": asked(PUBLISH.repeat(8000), ["limit_exceeded", "timeout"], { first: CONNACK }),
    "an endless response before a WebSocket": asked(`HTTP/1.1 101 ${X}`, LIMIT, { input: { transport: "websocket" } }),
    "endless fields before a WebSocket": asked(`HTTP/1.1 101 Switching\r\n${"X: y\r\n".repeat(10_000)}`, LIMIT, { input: { transport: "websocket" } }),
    "an endless handshake": asked(TLS_RECORD, ["tls_protocol"], { input: { tls: { mode: "implicit" } } }),
  },
  "network.ftp": {
    ...SLOW,
    "an endless greeting": unasked(`220 ${X}`, LIMIT),
    "endless lines of a greeting": unasked("220-more\r\n".repeat(6000), LIMIT),
    "an endless list of features": asked(" FEATURE\r\n".repeat(6000), LIMIT, { first: "220 ready\r\n211-Features\r\n" }),
    "an endless listing": {
      start: ftpServer("-rw-r--r-- 1 a b 1 Jan 1 00:00 name\r\n".repeat(1500)),
      input: { ...anonymous, list: { show: true } },
      codes: [null, "limit_exceeded", "timeout"],
    },
    "an endless line of a listing": { start: ftpServer(X), input: { ...anonymous, list: {} }, codes: [null, "limit_exceeded", "timeout"] },
    "an endless file": { start: ftpServer(X), input: { ...anonymous, download: { path: "a" } }, codes: [null, "limit_exceeded", "timeout"] },
  },
  "security.ssh": {
    ...SLOW,
    "endless lines before the banner": unasked("hello\r\n".repeat(9000), LIMIT),
    "an endless line before the banner": unasked(X, LIMIT),
    "a packet of 2 GiB": asked(bytes("7f ff ff ff 04 14") + X, ["limit_exceeded", "protocol_violation"], { first: SSH_BANNER }),
    "endless packets to ignore": asked(SSH_IGNORE.repeat(4000), LIMIT, { first: SSH_BANNER }),
  },
  "security.ldap": {
    ...SLOW,
    "a message of 4 GiB": asked(bytes("30 84 ff ff ff ff") + X, LIMIT),
    "a length of unknown size": asked(bytes("30 80") + X, ["protocol_violation"]),
    "endless entries": asked(LDAP_ENTRY.repeat(5000), ["limit_exceeded", "protocol_violation"]),
    "lists in lists": asked(`${bytes("30 83 0f ff ff 02 01 01 64")}${bytes("30 80").repeat(30_000)}`, ["limit_exceeded", "protocol_violation"]),
  },
  "network.snmp": {
    "datagrams of 60 KB that are none of its": datagrams("x".repeat(60_000), ["limit_exceeded", "protocol_violation"]),
    "endless replies to another request": datagrams(bytes("30 1a 02 01 01 04 06 70 75 62 6c 69 63 a2 0d 02 02 00 01 02 01 00 02 01 00 30 01 00"), [
      "limit_exceeded",
      "protocol_violation",
    ]),
    "a length of 4 GiB": datagrams(bytes("30 84 ff ff ff ff 02 01 01"), ["limit_exceeded", "protocol_violation"]),
  },
  "network.ntp": {
    "datagrams of 60 KB": datagrams(`\x24\x02${"\0".repeat(60_000)}`, ["limit_exceeded", "protocol_violation"]),
    "endless replies to another request": datagrams(`\x24\x02${"\0".repeat(46)}`, LIMIT),
    "endless datagrams of nothing": datagrams("", ["limit_exceeded", "protocol_violation"]),
    "an endless handshake of NTS": asked(TLS_RECORD, ["tls_protocol"], { input: { nts: {} } }),
  },
  "network.nntp": {
    ...SLOW,
    "an endless greeting": unasked(`200 ${X}`, LIMIT),
    "endless capabilities": asked(`101 list follows\r\n${"CAPABILITY\r\n".repeat(5000)}`, LIMIT, { first: "200 hello\r\n" }),
  },
  "network.sieve": {
    ...SLOW,
    "an endless capability": unasked(`"SIEVE" "${X}`, LIMIT),
    "endless capabilities": unasked('"SIEVE" "fileinto"\r\n'.repeat(3000), LIMIT),
    "a literal of 4 GiB": unasked(`"SIEVE" {4294967295}\r\n${X}`, ["limit_exceeded", "protocol_violation"]),
  },
  "network.lmtp": {
    ...SLOW,
    "an endless greeting": unasked(`220 ${X}`, LIMIT),
    "endless lines of a greeting": unasked("220-more\r\n".repeat(6000), LIMIT),
    "endless capabilities": asked("250-SIZE\r\n".repeat(6000), LIMIT, { first: "220 ready\r\n" }),
  },
};

const BRIEF = { command_timeout_ms: 1500, timeout_ms: 4000 };

function inputAt(port: number, input: object = {}): object {
  const nts = "nts" in input ? { nts: { port }, target_port: 1 } : { target_port: port };
  return { target_host: "127.0.0.1", ...BRIEF, ...input, ...nts };
}

const child = childRunner();
afterAll(() => child.remove());

describe.each(Object.keys(FLOODS))("%s", (probe) => {
  let server: Server | null = null;
  afterEach(() => server?.close());

  test.each(Object.entries(FLOODS[probe] ?? {}))(
    "%s costs little",
    async (_, { start, input, codes }) => {
      server = await start();
      const cost = await costOf(child, probe, inputAt(server.port, input), inputAt(1, input));
      expect(codes, JSON.stringify(cost)).toContain(cost.code);
      expect(cost.megabytes).toBeLessThan(MAX_MEGABYTES);
      expect(cost.busyMs).toBeLessThan(MAX_BUSY_MS);
    },
    40_000,
  );
});

/** Programs in place of ping and traceroute that print without end. */
describe.each<[probe: string, program: string, line: string]>([
  ["network.ping", "ping", "64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.1 ms (DUP!)"],
  ["network.ping", "ping", X.slice(0, 8000)],
  ["network.traceroute", "traceroute", " 1  127.0.0.1  0.1 ms"],
])("%s, by a program that prints without end", (probe, program, line) => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-hostile-"));
  const path = process.env.PATH;
  beforeAll(() => {
    writeFileSync(join(folder, program), `#!/bin/sh\nexec yes '${line}'\n`);
    chmodSync(join(folder, program), 0o755);
    process.env.PATH = `${folder}:${path}`;
  });
  afterAll(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  test("costs little", async () => {
    const input = { target_host: "127.0.0.1", timeout_ms: 4000 };
    const cost = await costOf(child, probe, input, { target_host: "127.0.0.1", timeout_ms: 1000 });
    expect(cost.code).toBe("limit_exceeded");
    expect(cost.megabytes).toBeLessThan(MAX_MEGABYTES);
    expect(cost.busyMs).toBeLessThan(MAX_BUSY_MS);
  }, 40_000);
});
