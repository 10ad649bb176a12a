import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { playTranscript, type TranscriptServer } from "../../../runner/lab/transcript-server.js";
import { interruptOnce, probeRun } from "./command-line.js";

const GREETS = `# A mail server that knows NOOP.
S: 220 mx.example.org ESMTP
C: EHLO *
S: 250 mx.example.org
C: NOOP
S: 250 2.0.0 OK
C: QUIT
S: 221 bye
`;
const SILENT = "# A server that says nothing.\n@silence\n";

const cwd = mkdtempSync(join(tmpdir(), "probe-run-run-"));
const servers: TranscriptServer[] = [];

async function serve(transcript: string): Promise<{ target_host: string; target_port: number }> {
  const server = await playTranscript(transcript);
  servers.push(server);
  return { target_host: server.host, target_port: server.port };
}

const isConnected = () => servers.at(-1)?.openSockets === 1;

/** The same as --set words. */
const set = (input: object) => Object.entries(input).flatMap(([key, value]) => ["--set", `${key}=${JSON.stringify(value)}`]);

afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));
afterAll(() => rmSync(cwd, { recursive: true }));

describe("one input", () => {
  test("a file: the envelope on stdout, and nothing else", async () => {
    writeFileSync(join(cwd, "input.json"), `\ufeff${JSON.stringify(await serve(GREETS))}`);
    const { code, out, err } = await probeRun(["network.smtp", "input.json"], { cwd });
    const { output, queue } = JSON.parse(out);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(output).toMatchObject({ status: "ok", failure: null, banner: "mx.example.org ESMTP" });
    expect(queue).toEqual(output);
    expect(out).toBe(`${JSON.stringify({ output, queue }, null, 2)}\n`);
  });

  test("stdin, overridden field by field, on one line", async () => {
    const { target_host, target_port } = await serve(GREETS);
    const { code, out } = await probeRun(["run", "network.smtp@2", "-", "--compact", "--set", `target_port=${target_port}`, "--set", "expect.starttls=true"], {
      stdin: JSON.stringify({ target_host, target_port: 1 }),
    });
    expect(code).toBe(1);
    expect(out.trimEnd()).not.toContain("\n");
    expect(JSON.parse(out).output).toMatchObject({ status: "error", target_port, findings: [{ severity: "error", expected: "true" }] });
  });

  test("an older contract gets the older output", async () => {
    const { target_host, target_port } = await serve(GREETS);
    const { code, out } = await probeRun(["network.smtp", "-"], {
      stdin: JSON.stringify({ target_host, target_port: String(target_port), send_email_flag: "False" }),
    });
    expect(code).toBe(0);
    expect(JSON.parse(out).output).toMatchObject({ noop_op: { status_code: "250", status_msg: "b'2.0.0 OK'" } });
  });

  test("a failed target exits with 1, and --timeout ends the run", async () => {
    const { code, out } = await probeRun(["network.smtp", ...set(await serve(SILENT)), "--timeout", "80"]);
    expect(code).toBe(1);
    const { output } = JSON.parse(out);
    expect(output).toMatchObject({ status: "error", failure: { phase: "greeting", code: "timeout" } });
    expect(output.duration_ms).toBeLessThan(1000);
  });

  test("the first interruption ends the run and prints what was learned", async () => {
    const { code, out } = await probeRun(["network.smtp", ...set(await serve(SILENT))], { onStart: interruptOnce(isConnected) });
    expect(code).toBe(130);
    expect(JSON.parse(out).output).toMatchObject({ status: "error", failure: { code: "cancelled" }, ip_address: "127.0.0.1" });
  });

  test("--trace prints the conversation on stderr; control characters do not reach the terminal", async () => {
    const { code, out, err } = await probeRun(["network.smtp", ...set(await serve(GREETS.replace("ESMTP", "ESMTP \\x1b[2J"))), "--trace"]);
    expect(code).toBe(0);
    expect(() => JSON.parse(out)).not.toThrow();
    const lines = err.trimEnd().split("\n");
    expect(lines.every((line) => /^ {2,}\d+\.\d{3} ms [→←·] /.test(line))).toBe(true);
    const said = lines.map((line) => line.slice(line.indexOf("ms ") + 3));
    expect(said).toEqual(expect.arrayContaining(["← 220 mx.example.org ESMTP \\x1b[2J", "→ NOOP", "← 250 2.0.0 OK", "→ QUIT", "← 221 bye"]));
    expect(err).not.toContain("\u001b");
  });

  test("no secret is in the trace, the record or the output", async () => {
    const password = "swordfish-1234";
    const auth = { "auth.username": "me", "auth.password": password, "auth.mechanism": "PLAIN", "auth.allow_plaintext": true };
    const server = GREETS.replace("S: 250 mx.example.org\n", "S: 250-mx.example.org\nS: 250 AUTH PLAIN\n").replace(
      "C: NOOP\nS: 250 2.0.0 OK",
      "@any\nS: 250 2.0.0 OK\n@any\nS: 235 2.7.0 welcome",
    );
    const { out, err } = await probeRun(["network.smtp", ...set(await serve(server)), ...set(auth), "--trace", "--record", "login.txt"], { cwd });
    const record = readFileSync(join(cwd, "login.txt"), "utf8");
    const base64 = Buffer.from(`\0me\0${password}`).toString("base64");
    for (const text of [out, err, record]) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(base64);
    }
    expect(err).toContain("→ AUTH PLAIN");
  });

  test("--record writes a transcript that plays the run again", async () => {
    const first = await probeRun(["network.smtp", ...set(await serve(GREETS)), "--record", "record.txt"], { cwd });
    const again = await probeRun(["network.smtp", ...set(await serve(readFileSync(join(cwd, "record.txt"), "utf8")))]);
    const repliesIn = (out: string) =>
      JSON.parse(out).output.operations.map(({ name, code, message }: Record<string, unknown>) => (name === "connect" ? name : [name, code, message]));
    expect(again.code).toBe(0);
    expect(repliesIn(again.out)).toEqual(repliesIn(first.out));
    expect(servers.at(-1)?.mismatches).toEqual([]);
  });

  test("on a terminal a server's text has no effect, and the JSON stays the same", async () => {
    const input = set(await serve(GREETS.replace("ESMTP", "ESMTP \u009b31m\u202e")));
    const { out } = await probeRun(["network.smtp", ...input], { tty: true, env: { NO_COLOR: "1" } });
    expect(out).not.toMatch(/[\u007f-\u009f\u202e]/);
    expect(JSON.parse(out).output.banner).toBe("mx.example.org ESMTP \u009b31m\u202e");
  });
});

describe("an array", () => {
  test("an array of envelopes in the order of the inputs; the worst run decides the exit code", async () => {
    const slow = await serve(GREETS.replace("S: 220", "@delay 150ms\nS: 220"));
    const fast = await serve(GREETS);
    const refused = { target_host: "127.0.0.1", target_port: 1 };
    const { code, out, err } = await probeRun(["network.smtp", "-"], { stdin: JSON.stringify([slow, fast, refused, fast]) });
    expect({ code, err }).toEqual({ code: 1, err: "" });
    const envelopes = JSON.parse(out);
    expect(envelopes.map(({ output }: { output: { target_port: number } }) => output.target_port)).toEqual([
      slow.target_port,
      fast.target_port,
      1,
      fast.target_port,
    ]);
    expect(envelopes.map(({ output }: { output: { status: string } }) => output.status)).toEqual(["ok", "ok", "error", "ok"]);
    expect(out).toBe(`[\n${envelopes.map((each: unknown) => JSON.stringify(each, null, 2).replace(/^/gm, "  ")).join(",\n")}\n]\n`);
  });

  test("--compact: one envelope per line; --set applies to each", async () => {
    const { target_host, target_port } = await serve(GREETS);
    const { code, out } = await probeRun(["network.smtp", "-", "--compact", "--set", `target_port=${target_port}`], {
      stdin: JSON.stringify([{ target_host }, { target_host }]),
    });
    const lines = out.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines.map((line) => JSON.parse(line).output.target_port)).toEqual([target_port, target_port]);
  });

  test("--concurrency limits simultaneous runs", async () => {
    const slow = await serve(GREETS.replace("S: 220", "@delay 60ms\nS: 220"));
    let most = 0;
    const server = servers[0] as TranscriptServer;
    const watch = setInterval(() => {
      most = Math.max(most, server.openSockets);
    }, 5);
    const { code } = await probeRun(["network.smtp", "-", "--concurrency", "2", "--compact"], { stdin: JSON.stringify(new Array(6).fill(slow)) });
    clearInterval(watch);
    expect(code).toBe(0);
    expect(server.connections).toBe(6);
    expect(most).toBe(2);
  });

  test("progress is shown on a terminal, and not in a pipe", async () => {
    const input = JSON.stringify([await serve(GREETS), { target_host: "127.0.0.1", target_port: 1 }]);
    const seen = await probeRun(["network.smtp", "-", "--compact"], { stdin: input, tty: true });
    expect(seen.err.split("\r\u001b[K")[1]).toMatch(/^1\/2 {2}[01] failed {2}[\d.]+\/s, \d+ s left/);
    expect(seen.err.startsWith("\r\u001b[K")).toBe(true);
    expect(seen.err).toMatch(/2 runs: 1 ok, 1 error; p50 .*\n$/);
  });

  test("after an interruption every input has an envelope", async () => {
    const silent = await serve(SILENT);
    const { code, out } = await probeRun(["network.smtp", "-", "--concurrency", "1"], {
      stdin: JSON.stringify([silent, silent]),
      onStart: interruptOnce(isConnected),
    });
    expect(code).toBe(130);
    expect(JSON.parse(out).map(({ output }: { output: { failure: { code: string } } }) => output.failure.code)).toEqual(["cancelled", "cancelled"]);
  });
});
