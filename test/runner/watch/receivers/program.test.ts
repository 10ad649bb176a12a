import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openProgram } from "../../../../runner/watch/receivers/program.js";
import { batchOf, incidents } from "./sending.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-program-"));
afterAll(() => rmSync(folder, { recursive: true }));

const node = (script: string, ...more: string[]): [string, ...string[]] => [process.execPath, "-e", script, ...more];
const failure = (promise: Promise<void>): Promise<{ code: string; message: string }> =>
  promise.then(
    () => ({ code: "", message: "taken" }),
    (error) => error,
  );

test("reads the events as JSON lines; its arguments are no shell's", async () => {
  const file = join(folder, "taken");
  const event = await incidents();
  const script = `require("fs").writeFileSync(process.argv[1], JSON.stringify([process.env.PAGER, process.argv[2], require("fs").readFileSync(0, "utf8")]))`;
  const deliverer = await openProgram(node(script, file, "$(id); `id` > x | y"), 10_000, { ...process.env, PAGER: "17" });
  const events = [event("mx1", "error"), event("mx2", "recovered", { reason: "a\nb" })];
  await deliverer.deliver(batchOf(events));
  const [pager, argument, input] = JSON.parse(readFileSync(file, "utf8")) as [string, string, string];
  expect([pager, argument]).toEqual(["17", "$(id); `id` > x | y"]);
  const lines = input.split("\n");
  expect(lines.pop()).toBe("");
  expect(lines.map((line) => JSON.parse(line))).toEqual(events);
});

test("one that does not end with 0 has not taken them, one that reads nothing has", async () => {
  const event = await incidents();
  const batch = batchOf([event("mx1", "error")]);
  const wrong = await openProgram(node(`console.error("first\\nno such pager"); process.exitCode = 3`), 10_000, process.env);
  expect(await failure(wrong.deliver(batch))).toMatchObject({ code: "refused", message: expect.stringMatching(/it ended with 3: no such pager$/) });
  const deaf = await openProgram(node(`require("fs").closeSync(0)`), 10_000, process.env);
  const many = batchOf(Array.from({ length: 100 }, (_, index) => event("mx1", "error", { incident: index, reason: "x".repeat(1900) })));
  expect(await failure(deaf.deliver(many))).toMatchObject({ message: "taken" });
  const missing = await openProgram([join(folder, "nowhere")], 10_000, process.env);
  expect(await failure(missing.deliver(batch))).toMatchObject({ message: expect.stringContaining("is not installed") });
});

test("one that runs too long or prints without end is ended, with what it started", async () => {
  const event = await incidents();
  const batch = batchOf([event("mx1", "error")]);
  const slow = await openProgram(["/bin/sh", "-c", "sleep 60 & sleep 60"], 300, process.env);
  expect(await failure(slow.deliver(batch))).toMatchObject({ code: "failed", message: expect.stringContaining("ended after 300 ms") });
  const loud = await openProgram(["/bin/sh", "-c", "yes"], 10_000, process.env);
  expect(await failure(loud.deliver(batch))).toMatchObject({ message: expect.stringContaining("printed more than") });
});
