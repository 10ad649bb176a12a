import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { playTranscript, type TranscriptServer } from "../../runner/lab/transcript-server.js";
import { install, node, pack } from "./install.js";

const cwd = mkdtempSync(join(tmpdir(), "probe-run-npx-"));
let silent: TranscriptServer;

beforeAll(async () => {
  silent = await playTranscript("# A server that says nothing.\n@silence\n");
  writeFileSync(join(cwd, "package.json"), '{ "private": true }');
  await install(cwd, await pack(cwd));
  // The queue, which a consumer does not create.
  writeFileSync(join(cwd, "inputs.jsonl"), '{"target_host": "127.0.0.1", "target_port": 9}\n');
  await node(cwd, "node_modules/probe-run/bin/probe-run.cjs", "enqueue", "network.smtp", "inputs.jsonl", "--queue", "sqlite:work.db");
}, 300_000);
afterAll(async () => {
  await silent.close();
  rmSync(cwd, { recursive: true, force: true, maxRetries: 5 });
});

describe.each(["SIGTERM", "SIGKILL"] as const)("npx that gets %s leaves no process behind", (signal) => {
  // Most of their time is npx's start, and the wait for the handlers.
  test.concurrent.for([
    [["work", "--queue", "sqlite:work.db"]],
    [["work", "--queue", "sqlite:work.db", "--processes", "2"]],
    [["consume", "--queue", "sqlite:work.db"]],
    [["lab"]],
    [["network.smtp", "SILENT"]],
    [["network.smtp", "SILENT", "--repeat", "100", "--interval", "1"]],
  ])("probe-run %j", { timeout: 90_000 }, async ([words = []], { expect, onTestFinished }) => {
    const argv = words.map((word) => (word === "SILENT" ? `${silent.host}:${silent.port}` : word));
    const npx = spawn("npx", ["--no-install", "probe-run", ...argv], { cwd, env: ownEnvironment(), stdio: ["ignore", "ignore", "ignore"] });
    const started: number[] = [];
    onTestFinished(() => kill(npx, started));
    const expected = words.includes("--processes") ? 3 : 1;
    await expect.poll(() => probesBelow(npx.pid as number).length, { timeout: 40_000, interval: 100 }).toBe(expected);
    started.push(...probesBelow(npx.pid as number));
    // Its own handlers are there once it has begun.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    npx.kill(signal);
    await expect.poll(() => started.filter(isRunning), { timeout: 40_000, interval: 200 }).toEqual([]);
  });
});

/** The processes below this one that run our command, by Linux's own table. */
function probesBelow(top: number): number[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const stat = readOrNull(`/proc/${name}/stat`);
        return stat === null ? [] : [[Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])] as const];
      }),
  );
  const isBelow = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined; at = parents.get(at)) if (at === top) return true;
    return false;
  };
  return [...parents.keys()].filter(
    (pid) => isBelow(pid) && /^node\0.*probe-run\0|^\S*\/node\0.*probe-run\S*\0/.test(readOrNull(`/proc/${pid}/cmdline`) ?? ""),
  );
}

function isRunning(pid: number): boolean {
  const stat = readOrNull(`/proc/${pid}/stat`);
  // One that has ended, and whose parent has not asked for it yet, is there as a zombie.
  return stat !== null && !/\) Z /.test(stat);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function kill(npx: ChildProcess, started: readonly number[]): void {
  npx.kill("SIGKILL");
  for (const pid of started.filter(isRunning)) process.kill(pid, "SIGKILL");
}

function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV|NODE_OPTIONS)/i.test(name)));
}
