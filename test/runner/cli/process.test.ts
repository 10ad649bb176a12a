import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { playTranscript, type TranscriptServer } from "../../../runner/lab/transcript-server.js";
import { CLI, spawnProbeRun } from "./command-line.js";

let silent: TranscriptServer;
beforeAll(async () => {
  silent = await playTranscript("# A server that says nothing.\n@silence\n");
});
afterAll(() => silent.close());

const start = (argv: readonly string[]) => spawn(process.execPath, [CLI, ...argv]);
const target = () => ["--set", `target_host=${silent.host}`, "--set", `target_port=${silent.port}`];

test("the built command runs a probe: JSON on stdout, and nothing else", async () => {
  const { code, out, err } = await spawnProbeRun(["network.smtp", "--lab=implicit"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(JSON.parse(out).output).toMatchObject({ status: "ok", tls: { version: "TLSv1.3" } });
});

test("the first Ctrl-C ends the run and prints what was learned", async () => {
  const child = start(["network.smtp", ...target()]);
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  const before = silent.connections;
  await expect.poll(() => silent.connections).toBe(before + 1);
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  expect(code).toBe(130);
  expect(JSON.parse(out).output.failure).toMatchObject({ phase: "greeting", code: "cancelled" });
});

test("the second Ctrl-C kills the process, whatever a probe is doing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-stubborn-"));
  const probe = join(folder, "stubborn.mjs");
  writeFileSync(
    probe,
    `import { contract, defineProbe, outputOf } from "probe-run";
    const run = () => { console.error("busy"); return new Promise((resolve) => setTimeout(resolve, 60_000)); };
    export default defineProbe({ name: "a.b", summary: "s", version: "1.0.0", needs: [], input: contract({}), output: contract(outputOf({})), run });`,
  );
  const child = start([probe, "--set", "a=1"]);
  await once(child.stderr, "data");
  child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(child.exitCode).toBeNull();
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  rmSync(folder, { recursive: true });
  expect(code).toBe(130);
});

test("a reader that ends early ends the command silently", async () => {
  const child = start(["network.smtp", "-", "--compact"]);
  let err = "";
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  child.stdout.destroy();
  child.stdin.end(JSON.stringify(new Array(50).fill({ target_host: "127.0.0.1", target_port: 1 })));
  const [code] = await once(child, "close");
  expect({ code, err }).toEqual({ code: 141, err: "" });
});

describe("a full disk", { skip: !existsSync("/dev/full") }, () => {
  const full = () => openSync("/dev/full", "w");

  test.each([["list"], ["network.smtp", "--lab", "--compact"]])("is reported if stdout is on it: %s", async (...words) => {
    const child = spawn(process.execPath, [CLI, ...words], { stdio: ["ignore", full(), "pipe"] });
    let err = "";
    child.stderr?.on("data", (chunk) => {
      err += chunk;
    });
    const [code] = await once(child, "close");
    expect({ code, err }).toEqual({ code: 3, err: "probe-run: stdout cannot be written: ENOSPC: no space left on device, write\n" });
  });

  test("loses no result if stderr is on it", async () => {
    const child = spawn(process.execPath, [CLI, "network.smtp", "--lab", "--trace"], { stdio: ["ignore", "pipe", full()] });
    let out = "";
    child.stdout?.on("data", (chunk) => {
      out += chunk;
    });
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    expect(JSON.parse(out).output.status).toBe("ok");
  });

  test("is reported with the transcript's name if --record is on it, and the result is printed", async () => {
    const { code, out, err } = await spawnProbeRun(["network.smtp", "--lab", "--record", "/dev/full"]);
    expect({ code, err }).toEqual({
      code: 3,
      err: "probe-run: could not run: the transcript cannot be written to /dev/full: ENOSPC: no space left on device, write\n",
    });
    expect(JSON.parse(out).output.status).toBe("ok");
  });
});

test("a large output arrives completely through a slow pipe", async () => {
  const inputs = new Array(300).fill({ target_host: "127.0.0.1", target_port: 1 });
  const { code, out } = await spawnProbeRun(["network.smtp", "-"], { stdin: JSON.stringify(inputs) });
  expect(code).toBe(1);
  expect(JSON.parse(out)).toHaveLength(300);
});
