import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { playTranscript, type TranscriptServer } from "../../../runner/lab/transcript-server.js";
import { isAlive } from "../processes/is-alive.js";
import { CLI, probeRun } from "./command-line.js";

// The processes run dist/child.cjs: `npm test` builds it first.
const GREETS = "S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250 mx.example.org\nC: NOOP\nS: 250 2.0.0 OK\nC: QUIT\nS: 221 bye\n";
const folder = mkdtempSync(join(tmpdir(), "probe-run-processes-"));
let server: TranscriptServer;
let silent: TranscriptServer;

beforeAll(async () => {
  server = await playTranscript(GREETS);
  silent = await playTranscript("# A server that says nothing.\n@silence\n");
});
afterAll(async () => {
  await server.close();
  await silent.close();
  rmSync(folder, { recursive: true });
});

/** Lines of inputs; each has a port, so that results can be distinguished. */
function listOf(...inputs: (object | string)[]): string {
  const path = join(folder, `${Math.random()}.jsonl`);
  writeFileSync(path, inputs.map((input) => (typeof input === "string" ? input : JSON.stringify(input))).join("\n"));
  return path;
}
const at = ({ host, port }: TranscriptServer) => ({ target_host: host, target_port: port, tls: { mode: "none" } });
const refused = (port: number) => ({ target_host: "127.0.0.1", target_port: port });

describe.each(["1", "2"])("--processes %s", (processes) => {
  const run = (path: string, ...options: string[]) => probeRun(["network.smtp", path, "--processes", processes, ...options]);

  test("envelopes in the order of the inputs, as an array or one a line", async () => {
    const list = listOf(at(server), refused(1), at(server), refused(2));
    const whole = await run(list);
    expect(whole).toMatchObject({ code: 1, err: "" });
    const lines = (await run(list, "--compact")).out.trimEnd().split("\n");
    for (const envelopes of [JSON.parse(whole.out), lines.map((line) => JSON.parse(line))]) {
      const failures = envelopes.map(({ output }: { output: { failure: { code: string } | null } }) => output.failure?.code ?? null);
      expect(failures).toEqual([null, "refused", null, "refused"]);
    }
  });

  test("an input that is wrong is reported with its place and left out, and the others run", async () => {
    const { code, out, err } = await run(listOf(at(server), { target_host: 5 }, "{", at(server)), "--compact");
    expect(code).toBe(2);
    expect(err).toContain(", line 2: the input does not fit network.smtp@2.0.0\n  /target_host  must be");
    expect(err).toContain("line 3");
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)?.output.status ?? null),
    ).toEqual(["ok", null, null, "ok"]);
  });

  test("--pretty draws a row for each, and a summary", async () => {
    const { out } = await run(listOf(at(server), refused(1)), "--pretty");
    const [first = "", second = "", , summary] = out.split("\n");
    expect(first).toMatch(new RegExp(`^✔ ok .*${server.port}`));
    expect(second).toMatch(/^✘ error .*connect: refused/);
    expect(summary).toMatch(/^2 runs: 1 ok, 1 error/);
  });

  test("--set completes each input, --timeout holds for each, and the results go to a queue", async () => {
    const queue = join(folder, `${processes}.db`);
    const { code, out } = await run(listOf(at(silent), at(silent)), "--set", "helo_domain=probe.example.org", "--timeout", "300", "--queue", `sqlite:${queue}`);
    expect(code).toBe(1);
    expect(JSON.parse(out).map((each: { output: { failure: unknown } }) => each.output.failure)).toEqual([
      expect.objectContaining({ code: "timeout" }),
      expect.objectContaining({ code: "timeout" }),
    ]);
    const { out: counts } = await probeRun(["queue", "stats", "--json", "--queue", `sqlite:${queue}`]);
    expect(JSON.parse(counts).results).toMatchObject({ waiting: 2 });
  });
});

test.each([
  [["network.smtp", "--processes", "2", "--set", "target_host=127.0.0.1"], "--processes takes a list"],
  [["network.smtp", "LIST", "--processes", "0"], "--processes must be a whole number"],
  [["network.smtp", "LIST", "--processes", "2", "--trace"], "--processes and --trace cannot be combined"],
  [["network.smtp", "LIST", "--processes", "2", "--repeat", "2"], "--processes and --repeat cannot be combined"],
  [["network.smtp", "LIST", "--processes", "2", "--record", "x.transcript"], "--processes and --record cannot be combined"],
  [["network.smtp", "EMPTY", "--processes", "2"], "holds no input"],
  [["network.smtp", "/nowhere/list.jsonl", "--processes", "2"], "/nowhere/list.jsonl"],
])("%j is refused", async (argv, words) => {
  const list = listOf(refused(1));
  const empty = listOf();
  const { code, err } = await probeRun(argv.map((word) => word.replace("LIST", list).replace("EMPTY", empty)));
  expect(code).toBe(2);
  expect(err).toContain(words);
});

// A terminal sends Ctrl-C to the whole group of processes; a supervisor sends TERM to the first.
test.each([
  ["SIGINT", 130, true],
  ["SIGTERM", 143, true],
  ["SIGTERM", 143, false],
] as const)("%s ends it with %d and what was learned, and leaves no process (to the group: %s)", async (signal, expected, isForGroup) => {
  const before = silent.connections;
  const child = spawn(
    process.execPath,
    [CLI, "network.smtp", listOf(...Array.from({ length: 40 }, () => at(silent))), "--processes", "2", "--concurrency", "2"],
    {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  await expect.poll(() => silent.connections, { timeout: 10_000 }).toBe(before + 4);
  const pids = childrenOf(child.pid as number);
  expect(pids).toHaveLength(2);
  process.kill(isForGroup ? -(child.pid as number) : (child.pid as number), signal);
  const [code] = await once(child, "close");
  expect(code).toBe(expected);
  const codes = JSON.parse(out).map((each: { output: { failure: { code: string } } }) => each.output.failure.code);
  expect(codes).toEqual(["cancelled", "cancelled", "cancelled", "cancelled"]);
  expect(pids.filter(isAlive)).toEqual([]);
});

function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, "utf8").trim().split(" ").map(Number) : [];
}
