import { createHash } from "node:crypto";
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { scripted, WAYS } from "../../support/byte-ways.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function answered(answers: string | string[], way: (typeof WAYS)[number], input: object = {}, thenClose = true) {
  const server = await scripted([answers].flat(), way, thenClose);
  open.push(server);
  const { output } = await run("webapp.http", { url: `http://127.0.0.1:${server.port}/`, command_timeout_ms: 4000, ...input });
  return output as Record<string, unknown>;
}

const sha256 = (content: string): string => createHash("sha256").update(content).digest("hex");
const coded = (coding: string, body: Buffer): string =>
  `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n${body.toString("latin1")}`;
const ok = (headers: string, body = ""): string => `HTTP/1.1 200 OK\r\n${headers}\r\n${body}`;
const violation = { status: "error", failure: { code: "protocol_violation" } };
const cutOff = { status: "error", failure: { phase: "body", code: "closed" } };
const tooMuch = { status: "error", failure: { code: "limit_exceeded" } };

/** Responses by RFC 9110 to 9113 and against them, with the expected result, for every way of dividing the bytes. */
const CASES: [what: string, response: string | string[], expected: object, input?: object][] = [
  [
    "a length",
    ok("Content-Length: 5\r\n", "hello"),
    { status: "ok", body: { bytes: 5, sha256: sha256("hello") }, hops: [{ status: 200, reason: "OK", http_version: "1.1", anomalies: [] }] },
  ],
  ["no length: until the connection closes", ok("", "hello"), { status: "ok", body: { bytes: 5, sha256: sha256("hello") } }],
  [
    "chunks with an extension and a trailer",
    ok("Transfer-Encoding: chunked\r\n", "2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n"),
    { status: "ok", body: { bytes: 5, sha256: sha256("hello") } },
  ],
  ["HTTP/1.0", "HTTP/1.0 200\r\n\r\nhello", { status: "ok", hops: [{ http_version: "1.0", reason: null }], body: { bytes: 5 } }],
  ["204 without a body", "HTTP/1.1 204 No Content\r\n\r\n", { status: "ok", hops: [{ status: 204 }], body: { bytes: 0, sha256: sha256("") } }],
  ["304 with the length of what it does not send", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", { status: "ok", body: { bytes: 0 } }],
  [
    "informational responses before the final one",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    { status: "ok", hops: [{ status: 200, informational: [103, 100] }] },
  ],
  ["informational responses without end", "HTTP/1.1 102 Wait\r\n\r\n".repeat(30), tooMuch],
  ["101 that was not asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", violation],
  [
    "repeated fields and cookies",
    ok("Vary: a\r\nvary: b\r\nSet-Cookie: x=1, 2\r\nSet-Cookie: y=2\r\nContent-Length: 0\r\n"),
    { hops: [{ headers: { vary: "a, b", "set-cookie": ["x=1, 2", "y=2"] } }] },
  ],
  [
    "a folded field",
    ok("X-Long: one\r\n  two\r\nContent-Length: 0\r\n"),
    { status: "ok", hops: [{ headers: { "x-long": "one two" }, anomalies: [{ kind: "folded_field" }] }] },
  ],
  ["bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", { status: "ok", hops: [{ anomalies: [{ kind: "bare_line_feed" }] }], body: { bytes: 2 } }],
  [
    "a blank before the colon",
    ok("X-One : 1\r\nContent-Length: 0\r\n"),
    { status: "ok", hops: [{ headers: { "x-one": "1" }, anomalies: [{ kind: "space_before_colon" }] }] },
  ],
  [
    "the same length twice",
    ok("Content-Length: 2\r\nContent-Length: 2\r\n", "hi"),
    { status: "ok", hops: [{ anomalies: [{ kind: "repeated_content_length" }] }] },
  ],
  ["two lengths", ok("Content-Length: 2\r\nContent-Length: 3\r\n", "hey"), violation],
  ["a length and chunks", ok("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), violation],
  ["an invalid length", ok("Content-Length: -1\r\n"), violation],
  ["a huge length", ok("Content-Length: 99999999999999999999\r\n"), violation],
  ["an unknown transfer coding", ok("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), { failure: { code: "unsupported" } }],
  ["an invalid chunk size", ok("Transfer-Encoding: chunked\r\n", "xyz\r\n"), violation],
  ["a chunk that is longer than it says", ok("Transfer-Encoding: chunked\r\n", "2\r\nhello\r\n0\r\n\r\n"), violation],
  ["a chunk extension without end", ok("Transfer-Encoding: chunked\r\n", `1;${"x".repeat(3000)}`), tooMuch],
  ["an invalid status line", "HTTP/1.1 099 Low\r\n\r\n", violation],
  ["HTTP/0.9", "<html>hello</html>\n", violation],
  ["another protocol", "220 mx.example.org ESMTP\r\n", violation],
  ["a control character in a field", ok("X-One: a\u0000b\r\n"), violation],
  ["a field without a colon", ok("no colon here\r\n"), violation],
  ["a header without end", ok(`X-Long: ${"x".repeat(70_000)}`), tooMuch],
  ["too many fields", ok("Set-Cookie: a=b\r\n".repeat(300)), tooMuch],
  ["a body that is cut off", ok("Content-Length: 10\r\n", "hello"), { ...cutOff, body: { bytes: 5, sha256: null } }],
  ["chunks that are cut off", ok("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n"), cutOff],
  ["a header that is cut off", "HTTP/1.1 200 OK\r\nX-One: 1\r\n", { failure: { phase: "headers", code: "closed" } }],
  ["nothing", "", { failure: { phase: "first_byte", code: "closed" } }],
  ["what follows the response", ok("Content-Length: 2\r\n", "hi and more"), { status: "ok", body: { bytes: 2 } }],
  ["gzip", coded("gzip", gzipSync("hello")), { status: "ok", body: { decoded_bytes: 5, sha256: sha256("hello"), content_encoding: "gzip" } }],
  ["br", coded("br", brotliCompressSync("hello")), { status: "ok", body: { decoded_bytes: 5, sha256: sha256("hello") } }],
  ["deflate as the standard wants it", coded("deflate", deflateSync("hello")), { status: "ok", body: { decoded_bytes: 5, sha256: sha256("hello") } }],
  ["deflate as many servers send it", coded("deflate", deflateRawSync("hello")), { status: "ok", body: { decoded_bytes: 5, sha256: sha256("hello") } }],
  ["two codings", coded("gzip, br", brotliCompressSync(gzipSync("hello"))), { status: "ok", body: { decoded_bytes: 5, sha256: sha256("hello") } }],
  ["a coding that is damaged", coded("gzip", Buffer.from("no gzip at all")), { status: "error", failure: { phase: "body", code: "protocol_violation" } }],
  ["a coding that is cut off", coded("gzip", gzipSync("hello").subarray(0, 12)), { status: "error", failure: { phase: "body", code: "protocol_violation" } }],
  ["an unknown coding", coded("zstd", Buffer.from("hello")), { status: "ok", body: { bytes: 5, decoded_bytes: 5, content_encoding: "zstd" } }],
  [
    "a redirect to a file",
    "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
    { failure: { phase: "redirect", code: "not_permitted" }, hops: [{ status: 302, redirect: "file:///etc/passwd" }] },
  ],
  [
    "a redirect to another machine of this network",
    "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n",
    { failure: { phase: "redirect", code: "not_permitted" } },
  ],
  [
    "a redirect to an address written as a number",
    "HTTP/1.1 302 Found\r\nLocation: http://2852039166/\r\n\r\n",
    { failure: { phase: "redirect", code: "not_permitted", message: expect.stringContaining("169.254.169.254") } },
  ],
  [
    "a redirect to a mapped address",
    "HTTP/1.1 302 Found\r\nLocation: http://[::ffff:10.0.0.1]/\r\n\r\n",
    { failure: { phase: "redirect", code: "not_permitted" } },
  ],
  ["an unfollowed redirect without a place", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", { status: "ok", hops: [{ status: 302, redirect: null }] }],
  [
    "a redirect within the server",
    ["HTTP/1.1 301 Moved\r\nLocation: /b\r\n\r\n", ok("Content-Length: 2\r\n", "hi")],
    { status: "ok", hops: [{ status: 301 }, { status: 200 }], body: { bytes: 2 } },
  ],
  [
    "text in latin-1",
    ok("Content-Type: text/plain; charset=ISO-8859-1\r\nContent-Length: 3\r\n", "\xe9t\xe9"),
    { status: "ok", body: { charset: "iso-8859-1" } },
    { expect: { body: "été" } },
  ],
  [
    "texts that are looked for",
    ok("X-Version: v1.25\r\nContent-Length: 12\r\n", "state=ready;"),
    {
      status: "error",
      matches: [
        { target: "header X-Version", severity: "error", assertion: "matches", wanted: "[0-9]+\\.[0-9]+", found: "1.25" },
        { target: "body", severity: "error", assertion: "matches", wanted: "state=(\\w+)", found: "state=ready" },
        { target: "body", severity: "error", assertion: "contains", wanted: "done", found: null },
        { target: "header X-None", severity: "warning", assertion: "contains", wanted: "x", found: null },
        { target: "url", severity: "warning", assertion: "contains", wanted: "http://", found: "http://" },
      ],
      findings: [
        { severity: "error", reason: "body_differs" },
        { severity: "warning", reason: "header_differs" },
      ],
    },
    {
      expect: { headers: { "X-Version": { matches: "[0-9]+\\.[0-9]+" } }, body: { contains: "done", matches: "state=(\\w+)" } },
      prefer: { headers: { "X-None": { contains: "x" } }, url: { contains: "http://" } },
    },
  ],
];

describe.each(WAYS)("a response that arrives %s", (way) => {
  test.each(CASES)("%s", async (...[_what, response, expected, input = {}]: [string, string | string[], object, object?]) => {
    const output = await answered(response, way, input);
    expect(output).toMatchObject(expected);
    expect((output.failure as { code: string } | null)?.code).not.toBe("unknown");
  });
});

test("a bomb is not unpacked", async () => {
  // Two hundred times the same million of zeros: each flush ends on a byte, and forgets what came before.
  const unended = { finishFlush: constants.Z_FULL_FLUSH };
  const million = deflateRawSync(Buffer.alloc(1_000_000), unended);
  const bomb = Buffer.concat([gzipSync(Buffer.alloc(1_000_000), unended), ...Array.from({ length: 199 }, () => million)]);
  const before = process.memoryUsage().rss;
  const output = await answered(coded("gzip", bomb), "whole");
  expect(output).toMatchObject({ status: "warning", body: { decoded_bytes: 1_048_576, truncated: true, sha256: null } });
  expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
});

test("a body without end stops at its limit, and a slow one at the deadline", async () => {
  const endless = await listen((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
    };
    socket.on("drain", more).resume();
    more();
  });
  open.push(endless);
  const { output } = await run("webapp.http", { url: `http://127.0.0.1:${endless.port}/` });
  expect(output).toMatchObject({ status: "warning", body: { bytes: 1_048_576, truncated: true } });
  const slow = await answered(ok("Content-Length: 5\r\n", "he"), "whole", { command_timeout_ms: 200 }, false);
  expect(slow).toMatchObject({ failure: { phase: "body", code: "timeout" }, body: { bytes: 2 } });
  const silent = await answered("", "whole", { command_timeout_ms: 5000, timeout_ms: 300 }, false);
  expect(silent).toMatchObject({ failure: { phase: "first_byte", code: "timeout" } });
});

describe("wrong input is reported at once and whole, and nothing is sent", () => {
  const refused = async (input: object) =>
    (await run("webapp.http", input).catch((error: unknown) => error)) as { violations: { pointer: string; message: string; hint: string | null }[] };

  test.each([
    ["example.org", "https://"],
    ["example.org:8080/path", "https://"],
    ["ftp://example.org/", "http://"],
    ["https://alice:secret@example.org/", "auth"],
    ["https://@example.org/", "auth"],
    ["https://example.org/#part", "fragment"],
    ["https://exa mple.org/", "%20"],
    ["https://example.org/a\r\nb", "%0A"],
    ["https://", "URL"],
    ["https://-.-/", "host name"],
  ])("the URL %j", async (url, hint) => {
    const { violations } = await refused({ url });
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatchObject({ pointer: "/url", message: expect.stringContaining("URL"), hint: expect.stringContaining(hint) });
    expect(JSON.stringify(violations)).not.toContain("secret@");
  });

  test("everything in one answer", async () => {
    const { violations } = await refused({
      url: "example.org",
      metod: "GET",
      headers: { "X-One": "a\r\nEvil: 1", "bad name": "x" },
      auth: { username: "a" },
      expect: { body: { matches: "(" }, headers: { server: { matches: "(a+)+$" } }, status: { abov: 1 } },
    });
    expect(violations.map(({ pointer }) => pointer).sort()).toEqual(
      [
        "/auth/password",
        "/expect/body/matches",
        "/expect/headers/server/matches",
        "/expect/status/abov",
        "/headers/X-One",
        "/headers/bad name",
        "/metod",
        "/url",
      ].sort(),
    );
    expect(violations.find(({ pointer }) => pointer === "/metod")?.hint).toContain("method");
    expect(JSON.stringify(violations)).not.toContain("Evil");
  });
});

describe("credentials", () => {
  const echo = () => {
    const heard: string[] = [];
    return {
      heard,
      listener: listen((socket) => socket.on("data", (bytes) => heard.push(bytes.toString())).on("data", () => socket.end(ok("Content-Length: 2\r\n", "hi")))),
    };
  };

  test("stay with the origin that they were written for", async () => {
    const { heard, listener } = echo();
    const other = await listener;
    open.push(other);
    const headers = { Cookie: "sid=1", "X-Api-Key": "k", Authorization: "Bearer t", Accept: "text/html" };
    await answered(`HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${other.port}/b\r\n\r\n`, "whole", { headers });
    expect(heard.join("")).toMatch(/^GET \/b HTTP\/1\.1\r\n/);
    expect(heard.join("")).toContain("Accept: text/html");
    expect(heard.join("")).not.toMatch(/sid=1|X-Api-Key|Bearer/i);
  });

  test("a body is not sent to another origin", async () => {
    const { heard, listener } = echo();
    const other = await listener;
    open.push(other);
    const moved = `HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:${other.port}/b\r\n\r\n`;
    expect(await answered(moved, "whole", { method: "POST", body: "password=1" })).toMatchObject({ failure: { phase: "redirect", code: "not_permitted" } });
    expect(heard).toEqual([]);
  });
});
