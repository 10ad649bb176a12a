import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { tap } from "../../../runner/formats/tap.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { broken, failed, HOSTILE, rendered, result, warned } from "./results.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-tap-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a test point a run, its diagnostics, and the plan at the end", () => {
  expect(rendered(tap(), [result(), failed("connect", "refused", "connection refused")])).toBe(`TAP version 13
ok 1 - network.smtp mx.example.org:25
  ---
  severity: "ok"
  duration_ms: 100.25
  findings: []
  ...
not ok 2 - network.smtp mx.example.org:25
  ---
  severity: "error"
  message: "connect: refused: connection refused"
  duration_ms: 100.25
  findings: []
  ...
1..2
`);
});

test("no results: an empty plan", () => {
  expect(rendered(tap(), [])).toBe("TAP version 13\n1..0\n");
});

realServer("perl's prove reads it", ["prove"], () => {
  const prove = async (text: string): Promise<{ code: number; out: string }> => {
    const file = join(folder, "runs.tap");
    writeFileSync(file, text);
    const ended = await promisify(execFile)(programPath("prove") as string, ["--exec", "cat", "--directives", file]).catch((error) => error);
    return { code: ended.code ?? 0, out: `${ended.stdout}${ended.stderr}` };
  };

  test("ok and warnings pass", async () => {
    const { code, out } = await prove(rendered(tap(), [result(), warned("slow")]));
    expect(out).toContain("Tests=2");
    expect({ code, passed: out.includes("Result: PASS") }).toEqual({ code: 0, passed: true });
  });

  test('what failed or could not run is "not ok", with any message', async () => {
    const hostile = result({ status: "error", failure: { phase: "data", code: "reset", message: HOSTILE } }, { target: "mx # TODO later" });
    const { code, out } = await prove(rendered(tap(), [result(), hostile, broken(HOSTILE)]));
    expect(code).not.toBe(0);
    expect(out).toContain("Failed tests:  2-3");
    expect(out).not.toContain("Parse errors");
  });
});
