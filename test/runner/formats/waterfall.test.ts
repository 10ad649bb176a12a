import { describe, expect, test } from "vitest";
import { waterfall } from "../../../runner/formats/pretty/waterfall.js";
import type { Report } from "../../../runner/harness/run.js";
import { styleFor } from "../../../runner/support/style.js";
import { cellsOf } from "../../../runner/support/text-width.js";
import { failure } from "../../../schemas/failure.js";

const plain = styleFor({ isTty: false, columns: 80 }, {});
const operation = (name: string, at_ms: number, duration_ms: number | null, code: number | null, message: string | null) => ({
  name,
  at_ms,
  duration_ms,
  code,
  message,
});
const attempt = (ip_address: string, at_ms: number, duration_ms: number, outcome: string, error: string | null) => ({
  ip_address,
  port: 25,
  at_ms,
  duration_ms,
  outcome,
  error,
});

function report(fields: object): Report {
  const carried = {
    status: "ok",
    failure: null,
    ip_address: "192.0.2.7",
    connected_time: null,
    operations: [],
    duration_ms: 100,
    target_host: "mx.example.org",
    target_port: 25,
    ...fields,
  };
  return { probe: "network.smtp", version: "2.0.0", carried, envelope: { output: carried, queue: carried } } as unknown as Report;
}

const working = report({
  operations: [
    operation("connect", 0, 25, null, "192.0.2.7 25"),
    operation("greeting", 25, 25, 220, "mx.example.org ESMTP"),
    operation("EHLO", 50, 0.01, 250, "mx.example.org\nPIPELINING\nSIZE 1000"),
    operation("QUIT", 75, 25, 221, "bye"),
  ],
  attempts: [attempt("192.0.2.7", 0, 25, "connected", null)],
});

test("each step is a bar on one time axis", () => {
  expect(waterfall(working, { width: 80, style: plain })).toBe(
    [
      "network.smtp@2.0.0  mx.example.org port 25  192.0.2.7",
      "",
      "  connect   ██████                    25.0 ms       192.0.2.7 25",
      "  greeting        ██████              25.0 ms  220  mx.example.org ESMTP",
      "  EHLO                  ▏              0.0 ms  250  mx.example.org",
      "  QUIT                        ██████  25.0 ms  221  bye",
      "",
      "✔ ok  in 100 ms",
      "",
    ].join("\n"),
  );
});

test("every address that was tried is listed under its connect", () => {
  const failing = report({
    status: "error",
    ip_address: null,
    failure: failure("connect", "refused", "connection refused (ECONNREFUSED)"),
    operations: [operation("connect", 0, 100, null, null)],
    attempts: [attempt("2001:db8::7", 0, 50, "failed", "ECONNREFUSED"), attempt("192.0.2.7", 50, 50, "failed", "ECONNREFUSED")],
  });
  const lines = waterfall(failing, { width: 100, style: plain }).split("\n");
  expect(lines[3]).toMatch(/^ {4}attempt {2}█+[▏▎▍▌▋▊▉]? +50\.0 ms {2}ECONNREFUSED 2001:db8::7 port 25$/);
  expect(lines[4]).toMatch(/^ {4}attempt {5,}█+[▏▎▍▌▋▊▉]? +50\.0 ms {2}ECONNREFUSED 192\.0\.2\.7 port 25$/);
  expect(lines.slice(5)).toEqual(["", "✘ error  in 100 ms", "  connect: refused: connection refused (ECONNREFUSED) (a later run may succeed)", ""]);
});

test("a step that did not end reaches to the end, and findings say why", () => {
  const warned = report({
    status: "warning",
    operations: [operation("NOOP", 50, null, null, null)],
    findings: [{ severity: "warning", reason: "certificate_expires_soon", message: "the certificate expires in 3 days", expected: "14", actual: "3" }],
  });
  const text = waterfall(warned, { width: 80, style: plain });
  expect(text).toMatch(/NOOP +░+ +no end/);
  expect(text).toContain("▲ warning  in 100 ms\n  certificate_expires_soon: the certificate expires in 3 days\n");
});

test("a run in parts shows the peer of each part", () => {
  const parts = report({
    target_host: undefined,
    target_port: undefined,
    send: { host: "smtp.example.org", port: 587 },
    receive: { host: "192.0.2.7", port: 993 },
  });
  const [heading] = waterfall(parts, { width: 100, style: plain }).split("\n");
  expect(heading).toBe("network.smtp@2.0.0  smtp.example.org port 587, 192.0.2.7 port 993");
});

test("an output without a host: what was asked for", () => {
  const named = report({ operations: [] });
  const { target_host: _, ...carried } = { ...named.carried, ip_address: null } as { target_host?: string };
  const [heading] = waterfall({ ...named, carried } as never, { width: 80, style: plain }, "example.org").split("\n");
  expect(heading).toBe("network.smtp@2.0.0  example.org");
});

test("without operations: only the verdict", () => {
  expect(waterfall(report({ operations: [] }), { width: 80, style: plain })).toBe("network.smtp@2.0.0  mx.example.org port 25  192.0.2.7\n\n✔ ok  in 100 ms\n");
});

describe("a run that mostly waits", () => {
  const step = (name: string, at: number, duration: number) => operation(name, at, duration, null, null);
  const early = ["connect", "greeting", "EHLO", "MAIL", "RCPT"].map((name, index) => step(`send ${name}`, index * 10, 10));
  const later = ["connect", "greeting", "EHLO", "MAIL", "RCPT"].map((name, index) => step(`send ${name}`, 2050 + index * 10, 10));
  const waiting = report({ duration_ms: 5100, operations: [...early, ...later, step("imap IDLE", 2100, 3000)] });

  test("has its long waits shortened, and marks them", () => {
    const lines = waterfall(waiting, { width: 80, style: plain }).split("\n");
    expect(lines.slice(2, -3)).toEqual([
      "  send connect   █▍                        10.0 ms",
      "  send greeting   █▍                       10.0 ms",
      "  send EHLO        █▍                      10.0 ms",
      "  send MAIL          █▍                    10.0 ms",
      "  send RCPT           █▍                   10.0 ms",
      "  send connect               █▍            10.0 ms",
      "  send greeting               █▍           10.0 ms",
      "  send EHLO                    █▍          10.0 ms",
      "  send MAIL                      █▍        10.0 ms",
      "  send RCPT                       █▍       10.0 ms",
      "  imap IDLE                         ╌╌╌╌   3000 ms",
      "  ╌ a wait that was longer than it is drawn",
    ]);
  });

  test("is not shortened if there is no room or nothing to distinguish", () => {
    expect(waterfall(waiting, { width: 50, style: plain })).not.toContain("╌");
    expect(waterfall(report({ duration_ms: 5100, operations: [step("connect", 0, 10), step("NOOP", 10, 5000)] }), { width: 80, style: plain })).not.toContain(
      "╌",
    );
  });
});

describe.each([40, 80, 120, 200])("at %d columns", (width) => {
  test("no line is wider than the terminal, with any text of a server", () => {
    const hostile = report({
      target_host: "a".repeat(300),
      operations: [
        operation("greeting", 0, 3, 220, `${"宽".repeat(200)}\u001b[2J`),
        operation("x".repeat(300), 3, 4, 250, `\u0007${"e\u0301".repeat(300)}`),
        operation("NOOP", 0.001, 1e9, 250, "🙂".repeat(300)),
      ],
      attempts: [],
    });
    const text = waterfall(hostile, { width, style: plain });
    for (const line of text.split("\n")) expect(cellsOf(line)).toBeLessThanOrEqual(width);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that none of them gets through is what is tested
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

test("colours only on a terminal, and not with NO_COLOR", () => {
  const style = (isTty: boolean, env: Record<string, string>) => waterfall(working, { width: 80, style: styleFor({ isTty, columns: 80 }, env) });
  expect(style(true, {})).toContain("\u001b[32m✔ ok\u001b[39m");
  for (const text of [style(false, {}), style(true, { NO_COLOR: "1" }), style(true, { TERM: "dumb" })]) expect(text).not.toContain("\u001b");
  expect(style(true, { NO_COLOR: "" })).toContain("\u001b");
});
