import { afterEach, describe, expect, test } from "vitest";
import { playTranscript, type TranscriptServer } from "../../../runner/lab/transcript-server.js";
import { interruptOnce, probeRun } from "./command-line.js";

const GREETS = "S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250 mx.example.org\nC: NOOP\nS: 250 2.0.0 OK\nC: QUIT\nS: 221 bye\n";
/** Slower than expected below: a warning. */
const SILENT = "# A server that says nothing.\n@silence\n";

const servers: TranscriptServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function serve(transcript: string): Promise<string> {
  const server = await playTranscript(transcript);
  servers.push(server);
  return `${server.host}:${server.port}`;
}

describe("--pretty for a list", () => {
  test("one row per input with its target and failure, and a summary", async () => {
    const target = await serve(GREETS);
    const [host, port] = target.split(":");
    const { code, out, err } = await probeRun(["network.smtp", "-", "--pretty"], { stdin: `target_host,target_port\n${host},${port}\n127.0.0.1,9\n` });
    expect({ code, err }).toEqual({ code: 1, err: "" });
    const [first = "", second = "", blank, summary] = out.split("\n");
    expect(first).toMatch(new RegExp(`^✔ ok +[\\d.]+ ms  ${target}$`));
    expect(second).toMatch(/^✘ error +[\d.]+ ms {2}127\.0\.0\.1:9 +connect: refused: connection refused/);
    expect(blank).toBe("");
    expect(summary).toMatch(/^2 runs: 1 ok, 1 error; p50 [\d.]+ ms, p90 [\d.]+ ms, p99 [\d.]+ ms, max [\d.]+ ms$/);
  });

  test("a server's text does not affect the terminal", async () => {
    const target = await serve("S: 554 go \\x1b[2J away\n");
    const { out } = await probeRun(["network.smtp", target, "--pretty", "--repeat", "2", "--interval", "0"]);
    expect(out).toContain("go \\x1b[2J away");
    expect(out).not.toContain("\u001b");
  });
});

describe("--repeat", () => {
  test("one envelope per run; percentiles of the runs and of each operation on stderr", async () => {
    const { code, out, err } = await probeRun(["network.smtp", await serve(GREETS), "--repeat", "3", "--interval", "0"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toHaveLength(3);
    const [line = "", ...operations] = err.trimEnd().split("\n");
    expect(line).toMatch(/^3 runs: 3 ok; p50 /);
    expect(operations.map((each) => each.trim().split(/\s+/)[0])).toEqual(["connect", "greeting", "EHLO", "NOOP", "QUIT"]);
  });

  test("rounds start at intervals", async () => {
    const began = performance.now();
    const { out } = await probeRun(["network.smtp", await serve(GREETS), "--repeat", "3", "--interval", "0.2", "--compact"]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(390);
    expect(out.trimEnd().split("\n")).toHaveLength(3);
  });

  test("an interruption ends it between two runs, and prints the results so far", async () => {
    const { code, out, err } = await probeRun(["network.smtp", await serve(GREETS), "--repeat", "1000", "--interval", "60", "--compact"], {
      // After the goodbye of the first.
      onStart: interruptOnce(() => servers.at(-1)?.connections === 1 && servers.at(-1)?.openSockets === 0),
    });
    expect(code).toBe(130);
    expect(out.trimEnd().split("\n")).toHaveLength(1);
    expect(err).toMatch(/^1 run: 1 ok/);
  });

  test.each([
    [["--interval", "1"], "--interval requires --repeat"],
    [["--repeat", "0"], "--repeat must be a whole number"],
    [["--repeat", "2", "--interval", "soon"], "--interval must be a number of seconds"],
    [["--repeat", "2", "--record", "x.transcript"], "--record requires a single input"],
    [["--pretty", "--json"], "--pretty and --json cannot be combined"],
    [["--fail-on", "warnign"], "did you mean warning?"],
  ])("%j is rejected", async (options, words) => {
    const { code, out, err } = await probeRun(["network.smtp", "127.0.0.1:9", ...options]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(words);
  });
});

describe("--fail-on", () => {
  const slow = ["--set", "expect.capabilities=[]", "--set", "tls.mode=none"];
  test.each([
    [[], 0],
    [["--fail-on", "error"], 0],
    [["--fail-on", "warning"], 1],
  ] as const)("%j: a warning exits with %i", async (options, expected) => {
    const target = await serve("S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250 mx.example.org\nC: NOOP\nS: 250 OK\nC: QUIT\n@close\n");
    const { code, out } = await probeRun(["network.smtp", target, ...slow.slice(2), ...options]);
    expect(JSON.parse(out).output.status).toBe("warning");
    expect(code).toBe(expected);
  });
});

describe("on a terminal", () => {
  test("JSON is coloured, and a hint at --pretty is printed once, on stderr", async () => {
    const { out, err } = await probeRun(["network.smtp", await serve(GREETS)], { tty: true });
    expect(out).toContain('\u001b[34m"output"\u001b[39m:');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    expect(JSON.parse(out.replace(/\u001b\[\d+m/g, "")).output.status).toBe("ok");
    expect(err).toContain("--pretty");
  });

  test.each([["--json"], ["--compact"]])("%s: no hint", async (option) => {
    const { err } = await probeRun(["network.smtp", await serve(SILENT), "--timeout", "50", option], { tty: true });
    expect(err).toBe("");
  });

  test.each([
    [{ NO_COLOR: "1" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{}, false, false],
  ] as const)("%j on a terminal %s: colours %s", async (env, tty, coloured) => {
    const { out } = await probeRun(["network.smtp", await serve(SILENT), "--timeout", "50", "--pretty"], { tty, env });
    expect(out.includes("\u001b[")).toBe(coloured);
  });
});
