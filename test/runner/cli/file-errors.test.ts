import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fileProblem } from "../../../runner/support/file-error.js";
import { probeRun } from "./command-line.js";

const cwd = mkdtempSync(join(tmpdir(), "probe-run-file-errors-"));
afterAll(() => rmSync(cwd, { recursive: true }));

describe("a file that is missing, and a folder, are worded alike by every command", () => {
  test.each([
    ["network.smtp", "FILE"],
    ["network.smtp", "FILE", "--processes", "2"],
    ["enqueue", "network.smtp", "FILE"],
    ["rcpt", "FILE"],
    ["verify", "FILE"],
    ["suppress", "import", "FILE"],
    ["watch", "FILE", "--once"],
    ["report", "FILE"],
    ["lab", "--transcript", "FILE"],
    ["dns", "plan", "example.org", "--dane", "FILE"],
  ])("%s %s %s %s", async (...words) => {
    for (const [file, problem] of [
      ["./missing.yaml", /there is no file ".*\/missing\.yaml"/],
      ["./", / is a folder/],
    ] as const) {
      const { code, out, err } = await probeRun(
        words.map((word) => word.replace("FILE", file)),
        { cwd },
      );
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toMatch(problem);
      expect(err).not.toMatch(/ENOENT|EISDIR/);
    }
  });

  test("one that may not be read says why, without codes", () => {
    const error = Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: "EACCES" });
    expect(fileProblem("x.csv", error)).toBe("x.csv cannot be read: permission denied");
  });
});

test("a taken port of a transcript is named, with what to do", async () => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as { port: number };
  writeFileSync(join(cwd, "case.transcript"), "S: 220 x\n");
  const { code, out, err } = await probeRun(["lab", "--transcript", "case.transcript", "--port-base", String(port)], { cwd });
  await new Promise((closed) => server.close(closed));
  expect({ code, out }).toEqual({ code: 3, out: "" });
  expect(err).toContain(`port ${port} is taken: give another --port-base`);
});

describe("rules are given in words", () => {
  test("of a time without its unit", async () => {
    const { code, err } = await probeRun(["init", "watch", "--target", "https://example.org", "--every", "5"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain("watch.every: must be a time with its unit, such as 30s, 5m or 1h");
    expect(err).not.toMatch(/\d+:\d+ /);
  });

  test("of a date", async () => {
    const { code, err } = await probeRun(["verify", "--lab=signed", "--at", "yesterday"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain("must be a date and time, such as 2026-01-31T12:00:00Z");
    expect(err).not.toContain("\\d");
  });

  test("of an object without a field", async () => {
    const suite = "checks:\n  - name: x\n    probe: network.smtp\n    target: { target_host: 127.0.0.1 }\n    matrix: { target_port: {} }\n";
    writeFileSync(join(cwd, "matrix.yaml"), suite);
    const { code, err } = await probeRun(["watch", "matrix.yaml", "--once"], { cwd });
    expect(code).toBe(2);
    expect(err).not.toContain("must NOT");
  });
});
