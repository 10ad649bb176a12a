import { gzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Listener } from "../../runner/net/transport/listen.js";
import { childRunner } from "../support/child-run.js";
import { costOf, MAX_BUSY_MS, MAX_MEGABYTES } from "../support/cost.js";
import { endless, endlessUnasked } from "../support/peer.js";

const X = "x".repeat(65_536);
const OK = "HTTP/1.1 200 OK\r\n";
const HTML = `${OK}Content-Type: text/html\r\n\r\n`;
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const BOMB = gzipSync(Buffer.alloc(50_000_000)).toString("latin1");
/** A record of the handshake with 16 KiB of a message that announces 16 MB. */
const TLS_RECORD = `\x16\x03\x03\x40\x00\x02\xff\xff\xff${"\0".repeat(16_380)}`;
const DNS_REPLY = `\0\x0c${"\0".repeat(12)}`;

const deep = (opening: string, times: number): string => `${OK}Content-Length: ${opening.length * times}\r\n\r\n${opening.repeat(times)}`;

interface Flood {
  /** The server does not wait for the client. */
  readonly isUnasked?: true;
  readonly portion: string;
  readonly input?: object;
  /** Null: the flood is data that the probe reads up to its limit. */
  readonly code: string | null;
}

const HTTP_FLOODS: Readonly<Record<string, Flood>> = {
  "an endless status line": { portion: `HTTP/1.1 200 ${X}`, code: "limit_exceeded" },
  "an endless field": { portion: `${OK}X: ${X}`, code: "limit_exceeded" },
  "endless fields": { portion: `${OK}${"Set-Cookie: a=b\r\n".repeat(4000)}`, code: "limit_exceeded" },
  "endless informational responses": { portion: "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n".repeat(2000), code: "limit_exceeded" },
  "an endless size of a chunk": { portion: `${CHUNKED}1;${X}`, code: "limit_exceeded" },
  "endless trailers": { portion: `${CHUNKED}0\r\n${"X: y\r\n".repeat(10_000)}`, code: "limit_exceeded" },
};

const FLOODS: Readonly<Record<string, Readonly<Record<string, Flood>>>> = {
  "webapp.http": {
    ...HTTP_FLOODS,
    "an endless body": { portion: `${OK}\r\n${X}`, input: { expect: { body: { contains: "y" } } }, code: null },
    "endless chunks of one byte": { portion: `${CHUNKED}${"1\r\nx\r\n".repeat(10_000)}`, code: "protocol_violation" },
    "a bomb": { portion: `${OK}Content-Encoding: gzip\r\n\r\n${BOMB}`, input: { expect: { body: { contains: "y" } } }, code: null },
    "an endless event": { portion: `${OK}Content-Type: text/event-stream\r\n\r\ndata: ${X}`, input: { events: true }, code: null },
  },
  "webapp.rest": {
    ...HTTP_FLOODS,
    "lists in lists": { portion: deep("[", 1_000_000), code: null },
    "elements in elements": { portion: deep("<a>", 330_000), input: { steps: [{ expect: { xml: { "/a": "1" } } }] }, code: null },
    "an endless body": { portion: `${OK}\r\n${X}`, code: "limit_exceeded" },
  },
  "webapp.security": {
    ...HTTP_FLOODS,
    "an endless tag": { portion: `${HTML}<a ${X}`, code: null },
    "endless tags": { portion: `${HTML}${'<meta http-equiv="Content-Security-Policy" content="default-src *">'.repeat(1000)}`, code: null },
  },
  "network.tcp": {
    "an endless banner": { isUnasked: true, portion: X, input: { steps: [{ matches: "^220 " }] }, code: "limit_exceeded" },
    "endless lines": { portion: "no\r\n".repeat(10_000), input: { steps: [{ send: "hello" }, { matches: "^220 " }] }, code: "limit_exceeded" },
    "an endless text": { portion: X, input: { steps: [{ send: "hello" }, { expect: "xxxxy", max_bytes: 1_048_576 }] }, code: "limit_exceeded" },
    "an endless line before STARTTLS": { isUnasked: true, portion: X, input: { starttls: "smtp" }, code: "limit_exceeded" },
    "an endless handshake": { portion: TLS_RECORD, input: { tls: { mode: "implicit" } }, code: "tls_protocol" },
  },
  "network.dns": {
    "endless replies to nothing": { portion: DNS_REPLY.repeat(4000), input: { transport: "tcp" }, code: "protocol_violation" },
    "an endless handshake": { portion: TLS_RECORD, input: { transport: "tls" }, code: "tls_protocol" },
    "an endless handshake before HTTP": { portion: TLS_RECORD, input: { transport: "https" }, code: "tls_protocol" },
  },
  "security.tls": {
    "an endless message": { portion: TLS_RECORD, code: "tls_protocol" },
    "endless warnings": { portion: "\x15\x03\x03\0\x02\x01\x00".repeat(9000), code: "tls_protocol" },
    "endless empty records": { portion: "\x16\x03\x03\0\0".repeat(13_000), code: "tls_protocol" },
    "an endless line before STARTTLS": { isUnasked: true, portion: X, input: { starttls: "smtp" }, code: "limit_exceeded" },
  },
};

const BRIEF = { command_timeout_ms: 1500, timeout_ms: 4000 };
const INPUTS: Readonly<Record<string, (port: number) => object>> = {
  "webapp.http": (port) => ({ url: `http://127.0.0.1:${port}/`, ...BRIEF }),
  "webapp.rest": (port) => ({ url: `http://127.0.0.1:${port}/`, steps: [{ expect: { json: { "/a": 1 } } }], ...BRIEF }),
  "webapp.security": (port) => ({ url: `http://127.0.0.1:${port}/`, ...BRIEF }),
  "network.tcp": (port) => ({ target_host: "127.0.0.1", target_port: port, ...BRIEF }),
  "network.dns": (port) => ({ name: "example.org", types: ["A"], servers: [`127.0.0.1:${port}`], tries: 1, query_timeout_ms: 1500, timeout_ms: 4000 }),
  "security.tls": (port) => ({ target_host: "127.0.0.1", target_port: port, ...BRIEF }),
};

const child = childRunner();
afterAll(() => child.remove());

describe.each(Object.keys(FLOODS))("%s", (probe) => {
  let server: Listener | null = null;
  afterEach(() => server?.close());

  test.each(Object.entries(FLOODS[probe] ?? {}))(
    "%s costs little",
    async (_, { isUnasked, portion, input, code }) => {
      server = isUnasked ? await endlessUnasked(portion) : await endless(portion);
      const inputAt = (port: number): object => ({ ...INPUTS[probe]?.(port), ...input });
      const cost = await costOf(child, probe, inputAt(server.port), inputAt(1));
      expect(cost.megabytes).toBeLessThan(MAX_MEGABYTES);
      expect(cost.busyMs).toBeLessThan(MAX_BUSY_MS);
      expect(cost.code).toBe(code);
    },
    40_000,
  );
});
