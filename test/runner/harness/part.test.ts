import { afterEach, expect, test } from "vitest";
import type { Context } from "../../../runner/harness/context.js";
import { defineProbe } from "../../../runner/harness/define-probe.js";
import { prepare } from "../../../runner/harness/registry.js";
import { runLoaded } from "../../../runner/harness/run.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { LineConversation } from "../../../runner/net/transport/line-conversation.js";
import type { TraceEvent } from "../../../runner/run/recorder.js";
import { outputOf } from "../../../schemas/carried.js";
import { contract } from "../../../schemas/contract.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

const input = contract({
  type: "object",
  properties: { one_port: { type: "integer" }, other_port: { type: "integer" } },
  required: ["one_port", "other_port"],
  additionalProperties: false,
});
const output = contract(outputOf({ said: { type: "string" } }));

/** Talks to two peers, in parts of the run. */
const probe = await prepare(
  defineProbe({ name: "test.parts", summary: "Talks to two peers at once.", version: "1.0.0", needs: ["tcp", "clock"], input, output, run }),
);

async function run(input: { one_port: number; other_port: number }, ctx: Context<"tcp" | "clock">) {
  const said: string[] = [];
  const one = ctx.part("one");
  const other = ctx.part("other");
  const failure = await ctx.attempt(async () => {
    await ctx.operation("plan", async () => undefined);
    const [here, there] = [await dial(one, input.one_port), await dial(other, input.other_port)];
    for (const conversation of [there, here]) said.push((await conversation.ask("HELLO", "command", "hello")).text);
    said.push(String(one.run.recorder.ipAddress), String(other.run.recorder.ipAddress));
    await other.part("inner").operation("thought", async (reply) => reply.reply(7, "done"));
  });
  return { status: failure === null ? ("ok" as const) : ("error" as const), failure, said: said.join(" ") };
}

function dial(ctx: Context<"tcp">, port: number): Promise<LineConversation> {
  return LineConversation.open(ctx, { host: "127.0.0.1", port, address_family: "any", connect_timeout_ms: 1000, command_timeout_ms: 1000 });
}

test("each part of a run names its steps, on one clock and in one list", async () => {
  const servers = [await playTranscript("C: hello\nS: here\n"), await playTranscript("C: hello\nS: there\n")];
  open.push(...servers);
  const trace: TraceEvent[] = [];
  const [one, other] = servers.map(({ port }) => port);
  const asked = { name: "test.parts", version: null };
  const { carried } = await runLoaded(probe, asked, { one_port: one, other_port: other }, { trace: (event) => trace.push(event) });
  expect(carried).toMatchObject({ status: "ok", ip_address: "127.0.0.1", said: "there here 127.0.0.1 127.0.0.1" });
  const steps = carried.operations.map(({ name, code, message }) => [name, code, message]);
  expect(steps).toEqual([
    ["plan", null, null],
    ["one connect", null, `127.0.0.1 ${one}`],
    ["other connect", null, `127.0.0.1 ${other}`],
    ["other HELLO", null, "there"],
    ["one HELLO", null, "here"],
    ["other inner thought", 7, "done"],
  ]);
  const begins = carried.operations.map(({ at_ms }) => at_ms);
  expect(begins).toEqual([...begins].sort((a, b) => a - b));
  const said = trace.filter(({ direction }) => direction !== "note").map(({ part, text }) => `${part}: ${text}`);
  expect(said).toEqual(["other: hello", "other: there", "one: hello", "one: here"]);
});
