import { type Scaffold, transcriptOf } from "./scaffold.js";

/** A probe in probe-run itself: a folder in probes/, its test and its fixture. */
export function builtInFiles(id: string): Scaffold {
  return {
    files: {
      [`probes/${id}/schema.ts`]: schema(id),
      [`probes/${id}/probe.ts`]: probe(id),
      [`probes/${id}/lab.ts`]: lab(id),
      [`test/probes/${id}/probe.test.ts`]: test(id),
      [`fixtures/${id}/1.0.0/greets.transcript`]: transcriptOf(id),
    },
    next: ["npm run generate", `npx vitest run test/probes/${id} test/conformance`, `npm run dev -- ${id} --lab`],
  };
}

function schema(id: string): string {
  return `import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { nullable } from "../../schemas/shape.js";

const input = contract({
  title: "${id} 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IP address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, examples: [7], description: "The port to connect to." },
    ...networkInput,
  },
  required: ["target_host", "target_port"],
  additionalProperties: false,
});

const output = contract({
  title: "${id} 1.0.0 output",
  ...outputOf({
    target_host: { type: "string" },
    target_port: { type: "integer" },
    ...networkOutput,
    banner: nullable({ type: "string" }, "The first line that the server sent."),
    response_time_ms: nullable({ type: "number" }, "Milliseconds until it arrived."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
`;
}

function probe(id: string): string {
  return `import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { LineConversation } from "../../runner/net/transport/line-conversation.js";
import { fail } from "../../runner/run/fail.js";
import { statusOf } from "../../runner/run/judge.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "${id}",
  summary: "Reads a server's greeting.",
  needs: ["tcp"],
  target: { host: "target_host", port: "target_port" },
  replay: "lines",
  ...newest,
  run,
});

async function run(input: Input, ctx: Context<"tcp">): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  evidence.failure = await ctx.attempt(() => converse(input, ctx, evidence));
  evidence.status = statusOf(evidence.failure, []);
  return evidence;
}

function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  return { status: "ok", failure: null, target_host, target_port, attempts: [], banner: null, response_time_ms: null };
}

async function converse(input: Input, ctx: Context<"tcp">, evidence: Evidence<Output>): Promise<void> {
  const target = { ...input, host: input.target_host, port: input.target_port };
  const conversation = await LineConversation.open(ctx, target, evidence.attempts);
  try {
    const greeting = await conversation.line("greeting", "greeting");
    evidence.banner = greeting.text;
    evidence.response_time_ms = greeting.duration_ms;
    // Keep what was learned, then judge it: a peer of another protocol is a failure.
    if (!/^welcome /.test(greeting.text)) fail("greeting", "protocol_violation", "the greeting does not begin with welcome");
  } finally {
    conversation.close();
  }
}
`;
}

function lab(id: string): string {
  return `import { defineLab } from "../../runner/harness/define-lab.js";
import { playTranscript } from "../../runner/lab/transcript-server.js";

export default defineLab({
  async start(nextPort) {
    const server = await playTranscript("S: welcome to ${id}\\n", { port: nextPort() });
    const input = { target_host: server.host, target_port: server.port };
    return { servers: [{ name: "greets", summary: "Greets, and waits.", input }], close: () => server.close() };
  },
});
`;
}

function test(id: string): string {
  return `import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import probe from "../../../probes/${id}/probe.js";
import { prepare } from "../../../runner/harness/registry.js";
import { runLoaded } from "../../../runner/harness/run.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";

const transcript = readFileSync(new URL("../../../fixtures/${id}/1.0.0/greets.transcript", import.meta.url), "utf8");
const outputFor = async (input: unknown) => (await runLoaded(await prepare(probe), { name: probe.name, version: null }, input, {})).envelope.output;

describe("${id}", () => {
  test.each(["whole", "lines", "bytes"] as const)("reads the greeting of a server, delivered by %s", async (delivery) => {
    const server = await playTranscript(transcript, { delivery });
    const output = await outputFor({ target_host: server.host, target_port: server.port });
    await server.close();
    expect(output).toMatchObject({ status: "ok", failure: null, banner: "welcome to ${id}" });
    expect(server.mismatches).toEqual([]);
  });

  test("reports a port that is closed", async () => {
    const server = await playTranscript(transcript);
    await server.close();
    const output = await outputFor({ target_host: server.host, target_port: server.port });
    expect(output).toMatchObject({ status: "error", failure: { phase: "connect", code: "refused" }, banner: null });
  });
});
`;
}
