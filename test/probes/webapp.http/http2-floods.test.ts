import { afterAll, afterEach, expect, test } from "vitest";
import { type Listener, listen, serveTls } from "../../../runner/net/transport/listen.js";
import { certificate } from "../../support/certificates.js";
import { childRunner } from "../../support/child-run.js";
import { costOf, MAX_BUSY_MS, MAX_MEGABYTES } from "../../support/cost.js";

/** A frame (RFC 9113, section 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

const [DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS] = [0, 1, 2, 3, 4];
const [PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION, ALTSVC] = [5, 6, 7, 8, 9, 10];
const [END_HEADERS, END_STREAM] = [0x4, 0x1];

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
/** Indexed fields of the static table (RFC 7541, appendix A): status 200, and status 103 as a literal. */
const OK = Buffer.of(0x88);
const EARLY_HINTS = Buffer.from([0x08, 0x03, 0x31, 0x30, 0x33]);
/** A literal field that is not indexed: a letter and a value of 100 bytes. */
const LITERAL = Buffer.concat([Buffer.of(0x00, 1), Buffer.from("x"), Buffer.of(100), Buffer.alloc(100, "y")]);
/** A field of 4 KB that goes into the dynamic table, and many references to it. */
const BOMB = Buffer.concat([Buffer.of(0x40, 1), Buffer.from("x"), Buffer.of(0x7f, 0x81, 0x1e), Buffer.alloc(3968, "y"), Buffer.alloc(12_000, 0xbe)]);

interface Flood {
  readonly first?: Buffer;
  readonly portion: Buffer;
  readonly codes: readonly string[];
}

const repeated = (piece: Buffer, times: number): Buffer => Buffer.concat(Array.from({ length: times }, () => piece));

const FLOODS: Readonly<Record<string, Flood>> = {
  "resets of the stream": { portion: repeated(frame(RST_STREAM, 0, 1, word(8)), 2000), codes: ["reset"] },
  "resets of streams that were never open": { portion: repeated(frame(RST_STREAM, 0, 3, word(8)), 2000), codes: ["protocol_violation"] },
  settings: { portion: repeated(frame(SETTINGS, 0, 0, Buffer.concat([Buffer.of(0, 3), word(100)])), 2000), codes: ["protocol_violation", "timeout"] },
  "empty settings": { portion: repeated(frame(SETTINGS, 0, 0), 4000), codes: ["protocol_violation", "timeout"] },
  "acknowledgements of settings that were not sent": { portion: repeated(frame(SETTINGS, 1, 0), 4000), codes: ["protocol_violation"] },
  pings: { portion: repeated(frame(PING, 0, 0, Buffer.alloc(8)), 2000), codes: ["protocol_violation", "timeout"] },
  "answers to pings that were not sent": { portion: repeated(frame(PING, 1, 0, Buffer.alloc(8)), 2000), codes: ["protocol_violation", "timeout"] },
  "a header that never ends": {
    first: frame(HEADERS, 0, 1, OK),
    portion: repeated(frame(CONTINUATION, 0, 1, repeated(LITERAL, 100)), 20),
    codes: ["protocol_violation", "reset", "limit_exceeded"],
  },
  "empty pieces of a header": { first: frame(HEADERS, 0, 1, OK), portion: repeated(frame(CONTINUATION, 0, 1), 4000), codes: ["protocol_violation", "reset"] },
  "a header that is compressed a thousand times": {
    portion: frame(HEADERS, END_HEADERS, 1, Buffer.concat([OK, BOMB])),
    codes: ["protocol_violation", "reset"],
  },
  "empty pieces of a body": { first: frame(HEADERS, END_HEADERS, 1, OK), portion: repeated(frame(DATA, 0, 1), 4000), codes: ["protocol_violation", "timeout"] },
  "pieces of a body that are padding": {
    first: frame(HEADERS, END_HEADERS, 1, OK),
    portion: repeated(frame(DATA, 0x8, 1, Buffer.concat([Buffer.of(255), Buffer.alloc(255)])), 200),
    codes: ["protocol_violation", "timeout"],
  },
  "informational responses": { portion: repeated(frame(HEADERS, END_HEADERS, 1, EARLY_HINTS), 2000), codes: ["limit_exceeded"] },
  "trailers again and again": {
    first: frame(HEADERS, END_HEADERS, 1, OK),
    portion: repeated(frame(HEADERS, END_HEADERS | END_STREAM, 1, LITERAL), 500),
    codes: ["protocol_violation", "reset", "none"],
  },
  "window updates": { portion: repeated(frame(WINDOW_UPDATE, 0, 0, word(1)), 4000), codes: ["protocol_violation", "timeout"] },
  priorities: { portion: repeated(frame(PRIORITY, 0, 1, Buffer.concat([word(3), Buffer.of(16)])), 4000), codes: ["protocol_violation", "timeout"] },
  "pushes that were refused": {
    portion: repeated(frame(PUSH_PROMISE, END_HEADERS, 1, Buffer.concat([word(2), OK])), 500),
    codes: ["protocol_violation"],
  },
  "alternative services": {
    portion: repeated(frame(ALTSVC, 0, 0, Buffer.concat([Buffer.of(0, 9), Buffer.from("https://a"), Buffer.alloc(1000, "y")])), 100),
    codes: ["protocol_violation", "timeout"],
  },
  "frames of an unknown type": { portion: repeated(frame(0xf0, 0, 1, Buffer.alloc(1000)), 100), codes: ["protocol_violation", "timeout"] },
  "farewells without an error": {
    portion: repeated(frame(GOAWAY, 0, 0, Buffer.concat([word(1), word(0)])), 4000),
    codes: ["protocol_violation", "timeout", "closed"],
  },
  "a frame longer than may be sent": { portion: frame(DATA, 0, 1, Buffer.alloc(100_000)), codes: ["protocol_violation", "timeout"] },
};

const child = childRunner();
let server: Listener | null = null;
afterAll(() => child.remove());
afterEach(() => server?.close());

/** Speaks HTTP/2 as far as its first settings, and then sends the same again and again without reading anything. */
function flooding({ first, portion }: Flood): Promise<Listener> {
  return listen((socket) => {
    const secure = serveTls(socket, certificate("localhost"), { alpn: ["h2"] });
    const flood = (): void => {
      while (!secure.destroyed) if (!secure.write(portion)) break;
      secure.once("drain", flood);
    };
    secure.once("data", () => {
      secure.pause();
      secure.write(Buffer.concat([frame(SETTINGS, 0, 0), first ?? Buffer.alloc(0)]));
      flood();
    });
  });
}

test.each(Object.entries(FLOODS))(
  "%s cost little, and end with a failure that has a name",
  async (_, flood) => {
    server = await flooding(flood);
    const inputAt = (port: number): object => ({
      url: `https://127.0.0.1:${port}/`,
      version: "2",
      tls: { verify: "ignore" },
      expect: { body: { contains: "y" } },
      command_timeout_ms: 1500,
      timeout_ms: 4000,
    });
    const cost = await costOf(child, "webapp.http", inputAt(server.port), inputAt(1));
    expect(cost.megabytes).toBeLessThan(MAX_MEGABYTES);
    expect(cost.busyMs).toBeLessThan(MAX_BUSY_MS);
    expect(flood.codes).toContain(cost.code ?? "none");
  },
  40_000,
);
