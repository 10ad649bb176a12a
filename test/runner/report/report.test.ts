import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { readSamples } from "../../../runner/report/read-samples.js";
import { reportPage } from "../../../runner/report/report-page.js";
import { spreadOf, summarise } from "../../../runner/report/summarise.js";
import { anyCharacter } from "../../support/any-character.js";
import { probeRun } from "../cli/command-line.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** In pieces of this many bytes. */
async function* chunks(text: string, size = 1 << 16): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const output = (fields: object = {}) => ({
  status: "ok",
  failure: null,
  ip_address: "192.0.2.7",
  connected_time: "2026-11-20T02:41:46.693974Z",
  operations: [
    { name: "connect", at_ms: 1, duration_ms: 10, code: null, message: null },
    { name: "EHLO", at_ms: 11, duration_ms: 20, code: 250, message: "hi" },
    { name: "EHLO", at_ms: 31, duration_ms: 5, code: 250, message: "hi" },
  ],
  duration_ms: 40,
  target_host: "mx.example.org",
  target_port: 25,
  ...fields,
});
const failed = output({ status: "error", failure: { phase: "connect", code: "refused", message: "connection refused" }, operations: [], duration_ms: 2 });
const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

describe("results are read", () => {
  test.each([1, 3, 1000])("as lines of envelopes, outputs and events, in pieces of %d bytes", async (size) => {
    const text = [
      line({ output: output(), queue: output() }),
      line(output({ target_host: "mü.example" })),
      "\n",
      line({ specversion: "1.0", subject: "network.smtp@2.0.0", time: "2026-11-20T02:41:47Z", data: failed }),
      "null\n",
      "no JSON\n",
    ].join("");
    const { samples, others } = await readSamples(chunks(text, size));
    expect(samples.map(({ status, target, probe }) => [status, target, probe])).toEqual([
      ["ok", "mx.example.org:25", "results"],
      ["ok", "mü.example:25", "results"],
      ["error", "mx.example.org:25", "network.smtp@2.0.0"],
    ]);
    expect(samples[2]?.at).toBe(Date.UTC(2026, 10, 20, 2, 41, 47));
    expect(others).toBe(2);
  });

  test("as one JSON value over several lines", async () => {
    for (const value of [[{ output: output() }, null], { output: output() }])
      expect((await readSamples(chunks(JSON.stringify(value, null, 2), 7))).samples).toHaveLength(1);
  });

  test("any text is read to its end, in any portions", async () => {
    const json = fc.oneof(fc.jsonValue(), fc.constant(output()), fc.constant({ output: { status: "ok", operations: [null, 1, { name: 5 }], failure: [] } }));
    const text = fc.oneof(
      fc.string({ unit: anyCharacter }),
      json.map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text), fc.integer({ min: 1, max: 50 }), async (lines, size) => {
        const { samples } = await readSamples(chunks(lines.join("\n"), size));
        const page = reportPage(summarise(samples), { title: "x", baseline: null, notes: [] });
        expect(page).toContain("</html>");
      }),
    );
  });

  test("a line that is too long is passed over", async () => {
    const { samples, others } = await readSamples(chunks(`${line(output())}"${"x".repeat(5 * 1024 * 1024)}"\n${line(output())}`));
    expect({ samples: samples.length, others }).toEqual({ samples: 2, others: 1 });
  });
});

describe("the summary", () => {
  test("percentiles are values that were measured", () => {
    const sorted = Array.from({ length: 200 }, (_, index) => index + 1);
    expect(spreadOf(sorted)).toEqual({ count: 200, least: 1, p50: 100, p90: 180, p99: 198, most: 200 });
    expect(spreadOf([7])).toMatchObject({ p50: 7, p99: 7 });
    expect(spreadOf([])).toBeNull();
  });

  test("operations in the order of a run, failures by phase and code, targets that failed first", async () => {
    const text = [output(), output(), failed, failed, output({ target_host: "fine.example" })].map(line).join("");
    const summary = summarise((await readSamples(chunks(text))).samples);
    expect(summary.operations.map(({ name, startMs, spread }) => [name, startMs, spread.count])).toEqual([
      ["connect", 1, 3],
      ["EHLO", 11, 3],
      ["EHLO#2", 31, 3],
    ]);
    expect(summary.failures).toEqual([{ phase: "connect", code: "refused", count: 2, message: "connection refused" }]);
    expect(summary.targets.map(({ name, failed: own }) => [name, own])).toEqual([
      ["mx.example.org:25", 2],
      ["fine.example:25", 0],
    ]);
    expect(summary.statuses).toEqual({ ok: 3, warning: 0, error: 2 });
  });
});

describe("the page", () => {
  test("no text of a result is markup, and it makes no request", async () => {
    const hostile = `<img src=x onerror=alert(1)>"'&`;
    const value = output({
      target_host: hostile,
      failure: { phase: hostile, code: hostile, message: hostile },
      operations: [{ name: hostile, at_ms: 0, duration_ms: 1 }],
    });
    const { samples } = await readSamples(chunks(line(value) + line(output())));
    const page = reportPage(summarise(samples), { title: hostile, baseline: { name: hostile, summary: summarise(samples) }, notes: [hostile] });
    expect(page).not.toMatch(/<img|<script|https?:\/\/|url\(/);
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });

  test("100,000 results make a page of less than 5 MB", async () => {
    const samples = Array.from({ length: 100_000 }, (_, index) => ({
      probe: "network.smtp@2.0.0",
      target: `mx${index % 2000}.example.org:25`,
      at: index * 1000,
      status: index % 50 === 0 ? ("error" as const) : ("ok" as const),
      durationMs: 1 + (index % 997) ** 1.5,
      failure: index % 50 === 0 ? { phase: "connect", code: `code${index % 7}`, message: "x".repeat(400) } : null,
      operations: [{ name: "connect", atMs: 0, durationMs: index % 31 }],
    }));
    expect(Buffer.byteLength(reportPage(summarise(samples), { title: "many", baseline: null, notes: [] }))).toBeLessThan(5_000_000);
  });
});

describe("probe-run report", () => {
  test("of a file, with a baseline", async () => {
    writeFileSync(join(folder, "after.jsonl"), [output({ duration_ms: 60 }), failed].map(line).join(""));
    writeFileSync(join(folder, "before.jsonl"), [output()].map(line).join(""));
    const { code, out } = await probeRun(["report", "after.jsonl", "--baseline", "before.jsonl", "-o", "report.html"], { cwd: folder });
    expect({ code, out }).toEqual({ code: 0, out: "" });
    const page = readFileSync(join(folder, "report.html"), "utf8");
    expect(page).toContain("<title>after.jsonl</title>");
    expect(page).toContain("Compared with before.jsonl: 1 results.");
    expect(page).toContain("p50 since baseline");
  });

  test("an earlier page is replaced, and no other file", async () => {
    writeFileSync(join(folder, "results.jsonl"), line(output()));
    const words = ["report", "results.jsonl", "-o", "page.html"];
    for (let time = 0; time < 2; time++) expect(await probeRun(words, { cwd: folder })).toEqual({ code: 0, out: "", err: "" });
    writeFileSync(join(folder, "page.html"), "mine");
    const refused = await probeRun(words, { cwd: folder });
    expect(refused).toEqual({ code: 2, out: "", err: expect.stringContaining("--output would overwrite page.html, which is not a report") });
    expect(readFileSync(join(folder, "page.html"), "utf8")).toBe("mine");
  });

  test("of what run prints", async () => {
    const { out: results } = await probeRun(["network.smtp", "--lab", "--format", "jsonl", "--repeat", "3", "--interval", "0"]);
    const { code, out } = await probeRun(["report", "-"], { stdin: results });
    expect(code).toBe(0);
    expect(out).toMatch(/<th scope="row">greeting<\/th><td class="number">3<\/td>/);
  });

  test.each([[["nowhere.jsonl"]], [["empty.jsonl"]], [["-"]]])("%j: no results, exit 2", async (words) => {
    writeFileSync(join(folder, "empty.jsonl"), "null\n");
    expect(await probeRun(["report", ...words], { cwd: folder })).toMatchObject({ code: 2, out: "" });
  });
});
