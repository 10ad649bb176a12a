import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CLI } from "../../cli/command-line.js";
import { Program } from "./program.js";

let cwd: string;
let silent: Server;
/** Inputs of a job that ends soon, and of one that does not end within the test. */
let slow: string;
let stuck: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "probe-run-signals-"));
  silent = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const target = { target_host: "127.0.0.1", target_port: (silent.address() as AddressInfo).port };
  slow = JSON.stringify({ ...target, command_timeout_ms: 1500 });
  stuck = JSON.stringify({ ...target, command_timeout_ms: 60_000, timeout_ms: 60_000 });
});

afterEach(async () => {
  silent.close();
  await rm(cwd, { recursive: true });
});

async function probeRun(argv: readonly string[], stdin = "") {
  const program = new Program(argv, { cwd, stdin });
  return { ...(await program.ended), out: program.out, err: program.err };
}

const stats = async () => JSON.parse((await probeRun(["queue", "stats", "--json"])).out) as Record<"jobs" | "results", Record<string, number>>;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error("the condition was not met within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("SIGTERM", () => {
  test("finishes running jobs, claims no more, and exits with 0", async () => {
    await probeRun(["enqueue", "network.smtp", "-"], `${slow}\n`.repeat(6));
    const worker = new Program(["work", "--concurrency", "2"], { cwd });
    await until(async () => (await stats()).jobs.leased === 2);
    worker.kill("SIGTERM");
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(worker.err).toMatch(/^2 jobs in .*2 error/);
    expect(await stats()).toMatchObject({ jobs: { waiting: 4, leased: 0, done: 2 }, results: { waiting: 2 } });
  });

  test("releases jobs that do not end within --grace", async () => {
    await probeRun(["enqueue", "network.smtp", "-"], `${stuck}\n`.repeat(2));
    const worker = new Program(["work", "--concurrency", "2", "--grace", "100"], { cwd });
    await until(async () => (await stats()).jobs.leased === 2);
    worker.kill("SIGTERM");
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(worker.err).toContain("2 released");
    expect(await stats()).toMatchObject({ jobs: { waiting: 2, leased: 0 }, results: { waiting: 0 } });
  });

  test("a second signal ends it at once, and its jobs come back after their leases", async () => {
    await probeRun(["enqueue", "network.smtp", "-"], `${stuck}\n`);
    const worker = new Program(["work", "--lease", "500"], { cwd });
    await until(async () => (await stats()).jobs.leased === 1);
    worker.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 100));
    worker.kill("SIGTERM");
    expect(await worker.ended).toMatchObject({ code: 143 });
    await until(async () => (await stats()).jobs.waiting === 1);
  });
});

describe("npx that is killed", () => {
  test.each([[], ["--processes", "2"]])(
    "leaves no worker behind: work %j",
    async (...options) => {
      const script = '"$0" "$@" & echo $!; wait';
      const npx = spawn("sh", ["-c", script, process.execPath, CLI, "work", ...options], { cwd, env: { ...process.env, npm_command: "exec" } });
      const [line] = (await once(npx.stdout, "data")) as [Buffer];
      const worker = Number(line.toString());
      // It is working once its queue exists.
      await until(() => existsSync(join(cwd, ".probe-run/queue.db")));
      await new Promise((resolve) => setTimeout(resolve, 1000));
      npx.kill("SIGKILL");
      await until(() => !existsSync(`/proc/${worker}`));
    },
    40_000,
  );
});

describe("work --processes", () => {
  test("shares the work, restarts a process that died, and serves metrics", async () => {
    await probeRun(["enqueue", "network.smtp", "-"], `${slow}\n`.repeat(12));
    const parent = new Program(["work", "--processes", "2", "--concurrency", "3", "--lease", "800", "--listen", "127.0.0.1:0"], { cwd });
    await until(() => parent.err.includes("/metrics"));
    const base = /http:\/\/[\d.:]+/.exec(parent.err)?.[0] as string;
    const metrics = async () => (await fetch(`${base}/metrics`)).text();
    await until(async () => (await metrics()).includes("probe_run_jobs_in_flight 6"));
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    process.kill((await childrenOf(parent.pid))[0] as number, "SIGKILL");
    await until(async () => /"?jobs_total\{ending="error"\} 12/.test(await metrics()));
    const text = await metrics();
    expect(text).toContain("probe_run_worker_restarts_total 1\n");
    expect(text).toContain('probe_run_job_duration_seconds_bucket{le="+Inf"} 12\n');
    expect(text).toContain("probe_run_queue_up 1\n");
    expect(text).toContain('probe_run_queue_jobs{state="done"} 12\n');
    parent.kill("SIGTERM");
    expect(await parent.ended).toMatchObject({ code: 0 });
    expect(parent.err).toMatch(/was killed by SIGKILL; restarting/);
    expect(parent.err).toMatch(/\n12 jobs in .*; 1 restart\n$/);
  }, 40_000);

  test("ends with its children if the queue has a permanent error", async () => {
    const { code, err } = await probeRun(["work", "--processes", "2", "--probe", "./nowhere.js"]);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining("there is no such file") });
  });
});

/** Linux lists them. */
async function childrenOf(pid: number): Promise<number[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").map(Number);
}
