import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RequestError, run, runMany } from "../../../runner/index.js";
import { playTranscript, type TranscriptServer } from "../../../runner/lab/transcript-server.js";

let server: TranscriptServer;
beforeAll(async () => {
  server = await playTranscript("S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250 mx.example.org\nC: NOOP\nS: 250 2.0.0 OK\nC: QUIT\nS: 221 bye\n");
});
afterAll(() => server.close());

const target = () => ({ target_host: server.host, target_port: server.port, tls: { mode: "none" as const } });

const WRONG: [options: unknown, reason: string][] = [
  [null, "must be an object, not null"],
  [5000, "must be an object, not 5000"],
  [[], "must be an object, not an array"],
  [{ signal: "x" }, "/signal must be an AbortSignal, not a text"],
  [{ signal: new AbortController() }, "/signal must be an AbortSignal, not an object"],
  [{ timeoutMs: "x" }, "/timeoutMs must be a number of milliseconds above 0, and at most 2147483647, not a text"],
  [{ timeoutMs: Number.NaN }, "/timeoutMs must be a number of milliseconds above 0, and at most 2147483647, not NaN"],
  [{ timeoutMs: null }, "/timeoutMs must be a number of milliseconds above 0, and at most 2147483647, not null"],
  [{ timeout_ms: 500 }, "/timeout_ms there is no such option; did you mean timeoutMs?"],
  [{ toString: 1 }, "/toString there is no such option; the options are: "],
];

describe.each(WRONG)("the options %j", (options, reason) => {
  test("are refused by run, and another run beside it ends as ever", async () => {
    const before = server.connections;
    const [refused, fine] = await Promise.allSettled([run("network.smtp", target(), options as never), run("network.smtp", target())]);
    expect(fine).toMatchObject({ status: "fulfilled", value: { output: { status: "ok" } } });
    const { reason: error } = refused as PromiseRejectedResult;
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ code: "usage", summary: "the options of run cannot be used" });
    expect(error.message).toContain(`the options of run cannot be used: ${reason}`);
    expect(server.connections).toBe(before + 1);
  });

  test("are refused by runMany before an input is read", async () => {
    const inputs: Iterable<never> = { [Symbol.iterator]: () => expect.unreachable("it was read") };
    const error = await runMany("network.smtp", inputs, options as never)
      .next()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RequestError);
    expect((error as RequestError).message).toContain(`the options of runMany cannot be used: ${reason}`);
  });
});

test("an option that is undefined is not given", async () => {
  const options = { timeoutMs: undefined, signal: undefined } as never;
  expect(await run("network.smtp", target(), options)).toMatchObject({ output: { status: "ok" } });
});

test.each([42, null, "mx.example.org", { target_host: "mx.example.org" }])("the inputs %j are refused", async (inputs) => {
  const message = "the inputs of runMany cannot be used: must be an array, a generator or an asynchronous generator";
  await expect(runMany("network.smtp", inputs as never).next()).rejects.toMatchObject({ name: "RequestError", code: "usage", message });
});
