import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RequestError, type RunManyOptions, type RunOfMany, run, runMany } from "../../../runner/index.js";
import { playTranscript, type TranscriptServer } from "../../../runner/lab/transcript-server.js";

// The processes run dist/child.cjs: `npm test` builds it first.
const GREETS = "S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250 mx.example.org\nC: NOOP\nS: 250 2.0.0 OK\nC: QUIT\nS: 221 bye\n";
let server: TranscriptServer;
let silent: TranscriptServer;

beforeAll(async () => {
  server = await playTranscript(GREETS);
  silent = await playTranscript("# A server that says nothing.\n@silence\n");
});
afterAll(async () => {
  await server.close();
  await silent.close();
});

const input = (at: TranscriptServer = server) => ({ target_host: at.host, target_port: at.port, tls: { mode: "none" as const } });

async function runsOf(probe: string, inputs: readonly unknown[], options: RunManyOptions): Promise<RunOfMany[]> {
  const runs: RunOfMany[] = [];
  for await (const each of runMany(probe, inputs as never, options)) runs.push(each as RunOfMany);
  return runs.sort((a, b) => a.index - b.index);
}

describe.each([1, 2])("processes: %d", (processes) => {
  test("every input is run once, and its envelope is that of run()", async () => {
    const inputs = Array.from({ length: 20 }, () => input());
    const runs = await runsOf("network.smtp@2", inputs, { processes, concurrency: 4 });
    expect(runs.map(({ index }) => index)).toEqual(inputs.map((_, index) => index));
    const { output, queue } = await run("network.smtp@2", input());
    for (const { envelope, error } of runs) {
      expect(error).toBeNull();
      expect(envelope?.output).toMatchObject({ status: output.status, failure: null });
      expect(Object.keys(envelope?.output as object)).toEqual(Object.keys(output));
      expect(Object.keys(envelope?.queue as object)).toEqual(Object.keys(queue as object));
    }
  });

  test("a refused input has its own error", async () => {
    const [refused, fine] = await runsOf("network.smtp", [{ target_host: 5 }, input()], { processes });
    expect(refused?.error).toBeInstanceOf(RequestError);
    expect(refused?.error).toMatchObject({ code: "invalid_input", violations: [expect.objectContaining({ pointer: "/target_host" })] });
    expect(fine).toMatchObject({ input: input(), error: null });
  });

  test.each([
    ["nonsense", "unknown_probe"],
    ["network.smtp@9", "unknown_version"],
  ])("%s is refused before anything is read", async (name, code) => {
    const inputs: Iterable<unknown> = { [Symbol.iterator]: () => expect.unreachable("it was read") };
    await expect(runMany(name as "network.smtp", inputs as never, { processes }).next()).rejects.toMatchObject({ code });
  });

  test("an abort ends current runs, which their results report", async () => {
    const interruption = new AbortController();
    const before = silent.connections;
    const running = runsOf("network.smtp", [input(silent), input(silent)], { processes, concurrency: 1 + (2 - processes), signal: interruption.signal });
    await expect.poll(() => silent.connections, { timeout: 10_000 }).toBe(before + 2);
    interruption.abort();
    for (const { envelope } of await running) expect(envelope?.output).toMatchObject({ failure: { code: "cancelled" } });
  });
});

test.each([{ processes: 0 }, { processes: 1.5 }, { concurrency: 0 }, { concurrency: 10_001 }])("%o is refused", async (options) => {
  await expect(runMany("network.smtp", [], options).next()).rejects.toMatchObject({ code: "usage" });
});

test("an input that is not JSON is refused, and spoils no other", async () => {
  const [wrong, fine] = await runsOf("network.smtp", [{ target_host: 5n }, input()], { processes: 2 });
  expect(wrong?.error).toMatchObject({ name: "RequestError", violations: [{ pointer: "/target_host" }] });
  expect(fine?.error).toBeNull();
});
