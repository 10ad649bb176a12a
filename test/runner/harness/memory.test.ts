import { describe, expect, test } from "vitest";
import type { Context } from "../../../runner/harness/context.js";
import { defineProbe } from "../../../runner/harness/define-probe.js";
import { MAX_STATE_BYTES, type MemoryGrant } from "../../../runner/harness/memory.js";
import { prepare } from "../../../runner/harness/registry.js";
import { type RunOptions, runLoaded } from "../../../runner/harness/run.js";
import { FailureError } from "../../../runner/run/failure-error.js";
import type { JobMemory } from "../../../runner/run/run-state.js";
import { outputOf } from "../../../schemas/carried.js";
import { contract } from "../../../schemas/contract.js";
import type { Failure } from "../../../schemas/failure.js";
import { secretSchema } from "../../../schemas/secret.js";

const input = contract({ type: "object", properties: { password: secretSchema }, required: [], additionalProperties: false });
const output = contract(outputOf({ said: { type: "string" } }));
type Lines = (memory: MemoryGrant) => Promise<void>;

/** Runs these lines as a probe that needs a memory; gives what broke them. */
async function running(lines: Lines, options: RunOptions = {}, given: object = {}): Promise<Failure | null> {
  const run = async (_input: unknown, ctx: Context<"memory">) => ({ status: "ok" as const, failure: await ctx.attempt(() => lines(ctx.memory)), said: "" });
  const probe = defineProbe({ name: "test.memory", summary: "Remembers.", version: "1.0.0", needs: ["memory"], input, output, run });
  const { carried } = await runLoaded(await prepare(probe), { name: "test.memory", version: null }, given, options);
  return carried.failure;
}

/** A job's memory as a queue's worker gives it. */
function jobWith(kept: string | null, keep: (text: string) => Promise<boolean> = async () => true) {
  const calls: { kept: string[]; laterMs: number | null } = { kept: [], laterMs: null };
  const memory: JobMemory = {
    state: kept,
    maxWaitMs: 3000,
    isRetried: true,
    retryAfter: () => undefined,
    save: (text) => {
      calls.kept.push(text);
      return keep(text);
    },
    continueLater: (afterMs) => {
      calls.laterMs = afterMs;
    },
  };
  return { memory, calls };
}

describe("outside of a queue", () => {
  test("nothing is saved, a wait may take any time, and the run cannot continue later", async () => {
    await running(async (memory) => {
      expect(memory.state).toBeNull();
      await memory.save({ at: 1 });
      expect(memory.state).toBeNull();
      expect(memory.maxWaitMs).toBe(Number.POSITIVE_INFINITY);
    });
    await expect(running(async (memory) => memory.continueLater(1000))).rejects.toThrow("outside of a queue");
  });

  test("state that a queue could not save is a bug here as well", async () => {
    await expect(running((memory) => memory.save(undefined))).rejects.toThrow("the state must be JSON");
    const much = "x".repeat(MAX_STATE_BYTES);
    await expect(running((memory) => memory.save(much))).rejects.toThrow(`given ${MAX_STATE_BYTES + 2} bytes of JSON, and the limit is ${MAX_STATE_BYTES}`);
  });
});

describe("in a queue", () => {
  test("the state is a new copy each time, and saved as JSON", async () => {
    const { memory: job, calls } = jobWith('{"done":["ann"]}');
    await running(
      async (memory) => {
        (memory.state as { done: string[] }).done.push("bob");
        expect(memory.state).toEqual({ done: ["ann"] });
        expect(memory.maxWaitMs).toBe(3000);
        await memory.save({ done: ["ann", "bob"] });
        memory.continueLater(60_000);
      },
      { memory: job },
    );
    expect(calls).toEqual({ kept: ['{"done":["ann","bob"]}'], laterMs: 60_000 });
  });

  test("no secret is saved", async () => {
    const { memory: job, calls } = jobWith(null);
    await running((memory) => memory.save({ said: "AUTH hunter2 refused", hunter2: true }), { memory: job }, { password: "hunter2" });
    expect(calls.kept).toEqual(['{"said":"AUTH [secret] refused","[secret]":true}']);
  });

  test("names and words of the schema are not masked, with any secret", async () => {
    const { memory: job, calls } = jobWith(null);
    const schema = { properties: { mail: { enum: ["mail", "rcpt"] }, text: {} } };
    await running((memory) => memory.save({ mail: "mail", text: "mail", other: "mail" }, schema), { memory: job }, { password: "mail" });
    expect(calls.kept).toEqual(['{"mail":"mail","text":"[secret]","other":"[secret]"}']);
  });

  test("a lost lease is a failure that ends the run", async () => {
    const { memory: job } = jobWith(null, async () => false);
    let thrown: unknown = null;
    const failure = await running(
      async (memory) => {
        await memory.save(1).catch((error: unknown) => {
          thrown = error;
          throw error;
        });
        throw new Error("it went on");
      },
      { memory: job },
    );
    expect(thrown).toBeInstanceOf(FailureError);
    expect(failure).toMatchObject({ phase: "probe", code: "cancelled", message: expect.stringContaining("another worker has this job") });
  });

  test("a store that does not answer does not delay a run long after the deadline", async () => {
    const { memory: job } = jobWith(null, () => new Promise(() => undefined));
    const failure = await running((memory) => memory.save(1), { memory: job, timeoutMs: 20 });
    expect(failure).toMatchObject({ phase: "probe", code: "timeout", message: expect.stringContaining("did not store the state of the run in time") });
  });

  test("a result may be saved after its deadline", async () => {
    const { memory: job, calls } = jobWith(null, () => new Promise((resolve) => setTimeout(resolve, 200, true)));
    expect(await running((memory) => memory.save("the end"), { memory: job, timeoutMs: 20 })).toBeNull();
    expect(calls.kept).toEqual(['"the end"']);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("continueLater(%d) is refused", async (afterMs) => {
    const { memory: job } = jobWith(null);
    await expect(running(async (memory) => memory.continueLater(afterMs), { memory: job })).rejects.toThrow("give milliseconds");
  });
});
