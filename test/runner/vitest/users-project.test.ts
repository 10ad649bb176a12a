import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { playTranscript, type TranscriptServer } from "../../../runner/vitest/index.js";
import { REPO } from "../cli/command-line.js";
import { folder, withoutVitest } from "./probe-run-test.js";

// Each test starts vitest as a program of its own.
vi.setConfig({ testTimeout: 60_000 });

let server: TranscriptServer;
/** Accepts connections and says nothing. */
let silent: Server;
let head: string;

beforeAll(async () => {
  server = await playTranscript("S: 220 mx ESMTP\nC: EHLO *\nS: 250-mx\nS: 250 SIZE 1000\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n");
  silent = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  head = `
    import { beforeAll, expect, test } from "vitest";
    import { expectProbe, probeTest } from "probe-run/vitest";
    const target = { target_host: "${server.host}", target_port: ${server.port} };
    const silent = { target_host: "127.0.0.1", target_port: ${(silent.address() as AddressInfo).port} };`;
});
afterAll(async () => {
  await server.close();
  silent.close();
});

interface Ran {
  readonly code: number;
  readonly said: string;
  /** By its name: how each test ended, and the messages of its failure. */
  readonly tests: Readonly<Record<string, string>>;
}

async function ran(text: string): Promise<Ran> {
  const cwd = folder({ "own.test.mjs": text, "package.json": '{ "type": "module" }' });
  mkdirSync(join(cwd, "node_modules"));
  symlinkSync(REPO, join(cwd, "node_modules/probe-run"));
  symlinkSync(join(REPO, "node_modules/vitest"), join(cwd, "node_modules/vitest"));
  const argv = ["run", "--reporter=default", "--reporter=json", "--outputFile.json=report.json"];
  const child = spawn(process.execPath, [join(REPO, "node_modules/vitest/vitest.mjs"), ...argv], { cwd, env: { ...withoutVitest(), NO_COLOR: "1" } });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (more: string) => (said += more));
  const [code] = (await once(child, "close")) as [number];
  const report = JSON.parse(readFileSync(join(cwd, "report.json"), "utf8")) as Report;
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  return { code, said, tests: Object.fromEntries(tests.map(({ title, status, failureMessages }) => [title, [status, ...failureMessages].join("\n")])) };
}

interface Report {
  readonly testResults: readonly { assertionResults: readonly { title: string; status: string; failureMessages: readonly string[] }[] }[];
}

test("a probe is tested with nothing but vitest, and a failure shows the operations and the test's own line", async () => {
  const { code, said, tests } = await ran(`${head}
    probeTest("greets", "network.smtp", target, ({ output }) => expect(output.banner).toContain("ESMTP"));
    probeTest("speaks French", "network.smtp", target, ({ output }) => expect(output.banner).toBe("bonjour"));`);
  expect(tests.greets).toBe("passed");
  expect(said).toMatch(/AssertionError: expected 'mx ESMTP' to be 'bonjour'/);
  expect(said).toMatch(/NOOP +\d+\.\d +\d+\.\d +250/);
  expect(said).toContain("own.test.mjs:7:");
  expect(code).toBe(1);
});

test("probeTest without a function is an error of the file", async () => {
  const { code, said } = await ran(`${head}
    probeTest("greets", "network.smtp", target);`);
  expect(said).toContain('TypeError: probeTest("greets", …) needs a function after the input');
  expect(code).toBe(1);
});

describe("expectProbe", () => {
  test("shows what a run did that was still running when vitest ended its test", async () => {
    const { tests } = await ran(`${head}
      test("hangs", () => expectProbe("network.smtp", silent).toBeOk(), 3000);
      test("hangs twice", { timeout: 500, retry: 1 }, async () => { await expectProbe("network.smtp", silent).toBeOk(); });
      test("waits", () => new Promise(() => {}), 200);
      test("gives a deadline", () => expectProbe("network.smtp", silent, { timeoutMs: 300 }).toFailWith({ phase: "greeting", code: "timeout" }));`);
    const evidence = /The probe was still running\.\nnetwork\.smtp@2\.0\.0.*: error\n {2}failure {2}cancelled in [\s\S]*connect +\d+\.\d/;
    expect(tests.hangs).toMatch(/^failed\nError: Test timed out in 3000ms/);
    expect(tests.hangs).toMatch(evidence);
    expect(tests["hangs twice"]).toMatch(/^failed\nError: Test timed out in 500ms[\s\S]*The probe was still running/);
    expect(tests.waits).toMatch(/^failed/);
    expect(tests.waits).not.toContain("The probe");
    expect(tests["gives a deadline"]).toBe("passed");
  });

  test("fails a test that does not call a matcher, or does not wait for it", async () => {
    const { code, tests } = await ran(`${head}
      test("awaits none", async () => { await expectProbe("network.smtp", target); });
      test("calls none", () => { expectProbe("network.smtp", target); });
      test("does not wait", () => { expectProbe("network.smtp", silent).toBeOk(); });
      test("has failed already", () => { expectProbe("network.smtp", silent).toBeOk(); throw new Error("its own"); });
      test.concurrent("awaits none beside others", async () => { await expectProbe("network.smtp", target); });
      test.concurrent("waits beside others", () => expectProbe("network.smtp", target).toBeOk());
      test("waits", () => expectProbe("network.smtp", target).toBeOk());
      let before;
      beforeAll(async () => { before = await expectProbe("network.smtp", target).toBeOk(); });
      test("waits in a hook", () => expect(before.banner).toBe("mx ESMTP"));`);
    const noMatcher = /^failed\nError: expectProbe\(…\) runs nothing without a matcher[\s\S]*own\.test\.mjs:/;
    expect(tests["awaits none"]).toMatch(noMatcher);
    expect(tests["calls none"]).toMatch(noMatcher);
    expect(tests["awaits none beside others"]).toMatch(noMatcher);
    expect(tests["does not wait"]).toMatch(/^failed\nError: the test ended before this run did: write await before expectProbe\(…\)[\s\S]*own\.test\.mjs:/);
    expect(tests["has failed already"]).toMatch(/^failed\nError: its own(?![\s\S]*expectProbe\(…\))/);
    for (const name of ["waits beside others", "waits", "waits in a hook"]) expect(tests[name]).toBe("passed");
    expect(code).toBe(1);
  });
});
