import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeArtifact } from "../../../runner/browser/artifacts.js";
import { harOf } from "../../../runner/browser/har.js";
import { failureOfNetError } from "../../../runner/browser/net-error.js";
import { memoryOf, processesOf } from "../../../runner/browser/processes.js";
import { timesOf } from "../../../runner/browser/vitals.js";

test("an artifact overwrites no file and follows no link", () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-artifact-"));
  writeFileSync(join(folder, "x.png"), "mine");
  symlinkSync(join(folder, "elsewhere"), join(folder, "x-2.png"));
  expect(writeArtifact(folder, "x", "png", Buffer.from("new"))).toBe("x-3.png");
  expect(writeArtifact(join(folder, "deeper", "still"), "x", "har", "{}")).toBe("x.har");
  expect(readFileSync(join(folder, "x.png"), "utf8")).toBe("mine");
  expect(readdirSync(folder).sort()).toEqual(["deeper", "x-2.png", "x-3.png", "x.png"]);
  expect(statSync(join(folder, "x-3.png")).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "deeper")).mode & 0o777).toBe(0o700);
  rmSync(folder, { recursive: true });
});

// Names from Chromium's net/base/net_error_list.h.
test.each([
  ["net::ERR_NAME_NOT_RESOLVED at http://x/", "resolve", "dns_not_found"],
  ["net::ERR_CONNECTION_REFUSED", "connect", "refused"],
  ["net::ERR_SOCKS_CONNECTION_FAILED", "connect", "unreachable"],
  ["net::ERR_CERT_AUTHORITY_INVALID", "tls", "tls_certificate"],
  ["net::ERR_CERT_DATE_INVALID", "tls", "tls_certificate"],
  ["net::ERR_SSL_PROTOCOL_ERROR", "tls", "tls_protocol"],
  ["net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "tls", "tls_protocol"],
  ["net::ERR_EMPTY_RESPONSE", "navigate", "closed"],
  ["net::ERR_CONNECTION_RESET", "navigate", "reset"],
  ["net::ERR_INCOMPLETE_CHUNKED_ENCODING", "navigate", "closed"],
  ["net::ERR_TOO_MANY_REDIRECTS", "navigate", "limit_exceeded"],
  ["net::ERR_INVALID_HTTP_RESPONSE", "navigate", "protocol_violation"],
  ["net::ERR_HTTP2_PROTOCOL_ERROR", "navigate", "protocol_violation"],
  ["net::ERR_RESPONSE_HEADERS_TOO_BIG", "navigate", "protocol_violation"],
  ["net::ERR_UNSAFE_PORT", "connect", "not_permitted"],
  ["net::ERR_ABORTED", "navigate", "unsupported"],
])("%s is %s: %s", (message, phase, code) => {
  expect(failureOfNetError(message)).toMatchObject({ phase, code });
});

test("a message without a network error is no failure", () => {
  expect(failureOfNetError("Timeout 30000ms exceeded. net::")).toBeNull();
});

describe("what a renderer sends as times", () => {
  const page = { url: "http://x/", origin: 1_790_000_000_000, isBlank: false };

  test("zero and nonsense did not happen", () => {
    expect(timesOf({ ...page, firstByte: 0, interactive: -1, contentLoaded: Number.NaN, load: "12", lcp: 1e12, fcp: 12.34567, cls: -1, inp: null })).toEqual({
      ...{ url: "http://x/", time_origin: 1_790_000_000_000, first_byte_ms: null, dom_interactive_ms: null, dom_content_loaded_ms: null, load_ms: null },
      ...{ first_contentful_paint_ms: 12.346, largest_contentful_paint_ms: null, cumulative_layout_shift: null, interaction_to_next_paint_ms: null },
    });
  });

  test.each([null, 7, "x", [], {}, { ...page, isBlank: true }, { ...page, origin: "now" }])("%j is no document", (value) => {
    expect(timesOf(value)).toBeNull();
  });
});

test("a HAR has no credentials", () => {
  const request = {
    ...{
      url: "http://x/?a=1&b=2",
      method: "GET",
      resourceType: "document",
      startedAt: 1_790_000_000_000,
      durationMs: 12,
      status: 200,
      error: null,
      isNavigation: true,
    },
    ...{ connectMs: 2, tlsMs: null, waitMs: 5, receiveMs: 1, bytes: 300 },
    requestHeaders: { cookie: "session=1", accept: "*/*" },
    responseHeaders: { "set-cookie": "session=2", "content-type": "text/html" },
  };
  const har = JSON.stringify(harOf([request], "Chrome/1", "1"));
  expect(har).not.toContain("session=");
  expect(JSON.parse(har).log.entries).toMatchObject([
    {
      ...{ startedDateTime: "2026-09-21T14:13:20.000Z", time: 12 },
      request: {
        queryString: [
          { name: "a", value: "1" },
          { name: "b", value: "2" },
        ],
        headers: [
          { name: "cookie", value: "[removed]" },
          { name: "accept", value: "*/*" },
        ],
      },
      response: { status: 200, content: { size: 300, mimeType: "text/html" } },
      timings: { blocked: 4, dns: -1, connect: 2, ssl: -1, send: 0, wait: 5, receive: 1 },
    },
  ]);
});

test.runIf(process.platform === "linux")("processes are found by their group or by their home", () => {
  expect(processesOf(-1, "/nothing")).toEqual([]);
  expect(processesOf(-1, process.env.HOME as string)).toContain(process.pid);
  expect(memoryOf([process.pid])).toBeGreaterThan(10_000_000);
  expect(memoryOf([999_999_999])).toBe(0);
});
