import { expect, test } from "vitest";
import { grantOf, provide } from "../../../runner/harness/capabilities.js";
import { contextClass, guardUndeclared, RunContext } from "../../../runner/harness/context.js";
import { Deadline } from "../../../runner/run/deadline.js";
import { Recorder } from "../../../runner/run/recorder.js";
import { SecretKeeper } from "../../../runner/run/secret-keeper.js";

let made = 0;
provide("counter" as never, async () => () => ({ number: ++made }) as never);
guardUndeclared(["counter", "tcp"]);

async function contextOf(needs: readonly string[]) {
  const deadline = new Deadline(1000, undefined);
  const state = { recorder: new Recorder(null), deadline, secrets: new SecretKeeper(), memory: null, targets: null };
  const context = new (contextClass(needs))(state as never, await grantOf(needs));
  deadline.release();
  return context as RunContext & { counter: { number: number }; tcp: unknown };
}

test("each ctx has what its probe needs as a field of its own, and so has each part", async () => {
  const [first, second] = [await contextOf(["counter"]), await contextOf(["counter"])];
  expect(first).toBeInstanceOf(RunContext);
  expect(Object.keys(first)).toEqual(["counter"]);
  expect([first.counter.number, second.counter.number, first.part("imap").counter.number]).toEqual([1, 2, 3]);
  expect(first.counter.number).toBe(1);
});

test("undeclared capabilities are absent, even if another probe needs them", async () => {
  expect((await contextOf(["tcp"])).tcp).toBeDefined();
  const context = await contextOf(["counter"]);
  expect(() => context.tcp).toThrow('list "tcp" in the probe');
});
