import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { FORMAT_NAMES, FORMATS } from "../../../runner/formats/formats.js";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { probeRun, REPO } from "./command-line.js";

const GREETS = "S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250 mx.example.org\nC: NOOP\nS: 250 2.0.0 OK\nC: QUIT\nS: 221 bye\n";
const servers: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function serve(transcript: string): Promise<string> {
  const server = await playTranscript(transcript);
  servers.push(server);
  return `${server.host}:${server.port}`;
}

test.each(FORMAT_NAMES)("docs/formats.md has a section of %s, and says what reads it", (name) => {
  expect(readFileSync(join(REPO, "docs/formats.md"), "utf8")).toContain(`\n## ${name}\n\nRead by: ${FORMATS[name].readBy}.`);
});

describe("--format", () => {
  test.each([
    ["nagios", /^NETWORK\.SMTP OK - 127\.0\.0\.1:\d+: ok in [\d.]+ ms \| 'time'=/],
    ["prometheus", /^# HELP probe_success .*\n# TYPE probe_success gauge\nprobe_success\{probe="network.smtp",target="127\.0\.0\.1:\d+"\} 1\n/],
    ["tap", /^TAP version 13\nok 1 - network\.smtp 127/],
    ["junit", /^<\?xml .*\n<testsuites name="probe-run" tests="1" failures="0"/],
    ["github", /^ok: network\.smtp 127\.0\.0\.1:\d+ in [\d.]+ ms\n$/],
    ["otlp", /^\{"resourceSpans":\[.*\}\n$/],
    ["jsonl", /^\{"output":\{.*\}\n$/],
    ["json", /^\{\n {2}"output": \{/],
    ["pretty", /^network\.smtp@2\.0\.0 {2}127\.0\.0\.1 port/],
  ])("%s of one run", async (format, looksLike) => {
    const { code, out, err } = await probeRun(["network.smtp", await serve(GREETS), "--format", format]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(looksLike);
  });

  test("of a list", async () => {
    const stdin = `target_host,target_port\n${(await serve(GREETS)).replace(":", ",")}\n127.0.0.1,9\n`;
    const { code, out } = await probeRun(["network.smtp", "-", "--format", "junit"], { stdin });
    expect(code).toBe(1);
    expect(out).toContain('tests="2" failures="1" errors="0"');
  });

  test("nagios has its own exit codes", async () => {
    const failing = await probeRun(["network.smtp", "127.0.0.1:9", "--format", "nagios"]);
    expect(failing).toMatchObject({ code: 2, out: expect.stringMatching(/^NETWORK\.SMTP CRITICAL - 127\.0\.0\.1:9: connect: refused: /) });
    const slow = ["--set", 'prefer={"max_duration_ms":0.001}'];
    const warning = await probeRun(["network.smtp", await serve(GREETS), "--format=nagios", ...slow]);
    expect(warning).toMatchObject({ code: 1, out: expect.stringMatching(/^NETWORK\.SMTP WARNING - /) });
  });

  test.each([
    [["network.smtpp", "127.0.0.1:9"], /^PROBE-RUN UNKNOWN - there is no probe called "network\.smtpp": did you mean network\.smtp or network\.lmtp\?\n$/],
    [["network.smtp", "--set", "target_port=x"], /^PROBE-RUN UNKNOWN - the input does not fit network\.smtp@2\.0\.0: \/target_\w+ .*\n$/],
    [["network.smtp", "127.0.0.1:9", "--nonsense"], /^PROBE-RUN UNKNOWN - there is no option --nonsense: .*\n$/],
    [["network.smtp", "--set", "target_host=a|b"], /^PROBE-RUN UNKNOWN - the input does not fit network\.smtp@2\.0\.0: \/target_host [^|]*"a\\x7cb".*\n$/],
  ])("nagios: %j is UNKNOWN with the reason on one line, on stdout", async (words, looksLike) => {
    const { code, out, err } = await probeRun([...words, "--format", "nagios"]);
    expect(code).toBe(3);
    expect(out).toMatch(looksLike);
    expect(err).not.toBe("");
  });

  test("what contradicts it is refused", async () => {
    expect(await probeRun(["network.smtp", "127.0.0.1:9", "--format", "tap", "--pretty"])).toMatchObject({ code: 2, out: "" });
    expect(await probeRun(["network.smtp", "127.0.0.1:9", "--format", "xml"])).toMatchObject({ code: 2, out: "" });
    const codes = await probeRun(["network.smtp", "127.0.0.1:9", "--format", "nagios", "--fail-on", "warning"]);
    expect(codes).toMatchObject({ code: 3, out: expect.stringContaining("cannot be combined") });
  });
});

describe("--otlp", () => {
  interface Received {
    path: string;
    headers: Record<string, unknown>;
    body: string;
  }

  async function collector(answer: (count: number) => { status?: number; headers?: Record<string, string>; body?: string }) {
    const received: Received[] = [];
    const server = await startHttpServer((path, request) => {
      const one: Received = { path, headers: { ...request.headers }, body: "" };
      request.on("data", (piece: Buffer) => {
        one.body += piece.toString("utf8");
      });
      received.push(one);
      return { ...answer(received.length), afterMs: 20 };
    });
    servers.push(server);
    return { received, env: { OTEL_EXPORTER_OTLP_ENDPOINT: server.origin, OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=geheim" } };
  }

  test("sends a trace of each run, and prints as before", async () => {
    const { received, env } = await collector(() => ({ body: "{}" }));
    const target = await serve(GREETS);
    const { code, out, err } = await probeRun(["network.smtp", target, "--repeat", "3", "--interval", "0", "--otlp", "--format", "tap"], { env });
    expect({ code, plan: out.endsWith("1..3\n") }).toEqual({ code: 0, plan: true });
    expect(err).not.toContain("traces");
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ path: "/v1/traces", headers: { "content-type": "application/json", "x-api-key": "geheim" } });
    const { resourceSpans } = JSON.parse(received[0]?.body ?? "") as { resourceSpans: { scopeSpans: { spans: { traceId: string }[] }[] }[] };
    const spans = resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(3);
  });

  test("is tried again when the collector is busy", async () => {
    const { received, env } = await collector((count) => (count === 1 ? { status: 503, headers: { "retry-after": "0" } } : { body: "{}" }));
    const { code, err } = await probeRun(["network.smtp", await serve(GREETS), "--otlp"], { env });
    expect({ code, err, requests: received.length }).toEqual({ code: 0, err: "", requests: 2 });
    expect(received[1]?.body).toBe(received[0]?.body);
  });

  test.each([
    [{ status: 400 }, "it answers 400"],
    [{ body: '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"\\u001b[2J"}}' }, "it refused a part of a request"],
  ])("%j: the lost entries are reported, and the run counts as before", async (answer, why) => {
    const { received, env } = await collector(() => answer);
    const { code, out, err } = await probeRun(["network.smtp", await serve(GREETS), "--otlp"], { env });
    expect({ code, requests: received.length }).toEqual({ code: 0, requests: 1 });
    expect(JSON.parse(out).output.status).toBe("ok");
    expect(err).toMatch(new RegExp(`^probe-run: traces: \\d+ spans were not taken by http://127\\.0\\.0\\.1:\\d+/v1/traces: ${why}\n$`));
    expect(err).not.toContain("geheim");
  });

  test("an environment that cannot be used: nothing is sent", async () => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    expect(await probeRun(["network.smtp", "127.0.0.1:9", "--otlp"], { env })).toMatchObject({ code: 2, out: "" });
  });
});
