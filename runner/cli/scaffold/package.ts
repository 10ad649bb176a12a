import { packageVersion } from "../../support/package-root.js";
import { type Scaffold, transcriptOf } from "./scaffold.js";

/** A package of its own, in JavaScript without a build; its types are checked by JSDoc. */
export function packageFiles(id: string): Scaffold {
  return {
    files: {
      "package.json": `${JSON.stringify(manifest(id), null, 2)}\n`,
      "probe.js": probe(id),
      "probe.test.js": test(id),
      "greets.transcript": transcriptOf(id),
      "README.md": readme(id),
    },
    next: [`cd ${id}`, "npm install", "npm test", "npx probe-run ./probe.js localhost:22 --pretty"],
  };
}

function manifest(id: string): unknown {
  const range = `^${packageVersion()}`;
  return {
    name: `probe-run-probe-${id}`,
    version: "1.0.0",
    description: `The probe ${id} for probe-run.`,
    type: "module",
    exports: "./probe.js",
    files: ["probe.js"],
    scripts: { test: "vitest run" },
    peerDependencies: { "probe-run": range },
    devDependencies: { "probe-run": range, vitest: ">=3.2 <6" },
  };
}

function probe(id: string): string {
  return `// @ts-check
import { contract, defineProbe, fail, LineConversation, networkInput, networkOutput, nullable, outputOf, statusOf } from "probe-run";

const input = contract({
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IP address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, examples: [7], description: "The port to connect to." },
    ...networkInput,
  },
  required: ["target_host", "target_port"],
  additionalProperties: false,
});

const output = contract(
  outputOf({
    target_host: { type: "string" },
    target_port: { type: "integer" },
    ...networkOutput,
    banner: nullable({ type: "string" }, "The first line that the server sent."),
    response_time_ms: nullable({ type: "number" }, "Milliseconds until it arrived."),
  }),
);

/**
 * @typedef {import("probe-run").FilledOf<typeof input>} Input
 * @typedef {import("probe-run").Evidence<import("probe-run").FilledOf<typeof output>>} Evidence
 */

export default defineProbe({
  name: "${id}",
  summary: "Reads a server's greeting.",
  version: "1.0.0",
  needs: ["tcp"],
  target: { host: "target_host", port: "target_port" },
  replay: "lines",
  input,
  output,
  run,
});

/**
 * A network outcome is data: what was learned before it broke stays in the evidence.
 * @param {Input} given
 * @param {import("probe-run").Context<"tcp">} ctx
 * @returns {Promise<Evidence>}
 */
async function run(given, ctx) {
  /** @type {Evidence} */
  const evidence = {
    status: "ok",
    failure: null,
    target_host: given.target_host,
    target_port: given.target_port,
    attempts: [],
    banner: null,
    response_time_ms: null,
  };
  evidence.failure = await ctx.attempt(() => converse(given, ctx, evidence));
  evidence.status = statusOf(evidence.failure, []);
  return evidence;
}

/**
 * @param {Input} given
 * @param {import("probe-run").Context<"tcp">} ctx
 * @param {Evidence} evidence
 */
async function converse(given, ctx, evidence) {
  const target = { ...given, host: given.target_host, port: given.target_port };
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

function test(id: string): string {
  return `import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { playTranscript, run } from "probe-run";
import { expect, test } from "vitest";

const probe = fileURLToPath(new URL("probe.js", import.meta.url));

test("reads the greeting of a server", async () => {
  const server = await playTranscript(await readFile(new URL("greets.transcript", import.meta.url), "utf8"));
  const { output } = await run(probe, { target_host: server.host, target_port: server.port });
  await server.close();
  expect(output).toMatchObject({ status: "ok", failure: null, banner: "welcome to ${id}" });
  expect(server.mismatches).toEqual([]);
});

test("reports a port that is closed", async () => {
  const server = await playTranscript("S: never heard");
  await server.close();
  const { output } = await run(probe, { target_host: server.host, target_port: server.port });
  expect(output).toMatchObject({ status: "error", failure: { phase: "connect", code: "refused" }, banner: null });
});

test("refuses an input that does not fit, before anything is sent", async () => {
  await expect(run(probe, { target_host: "a host" })).rejects.toMatchObject({ code: "invalid_input" });
});
`;
}

function readme(id: string): string {
  return `# probe-run-probe-${id}

A probe for probe-run. It reads a server's greeting: change it into what you need.

\`\`\`
npm install
npm test
npx probe-run ./probe.js localhost:22 --pretty
\`\`\`

Where this package is installed, it runs by its own name; if it is listed in \`probe-run.config.json\`, by the probe's:

\`\`\`
npx probe-run probe-run-probe-${id} input.json
echo '{"probes": ["probe-run-probe-${id}"]}' > probe-run.config.json
npx probe-run ${id} input.json
\`\`\`

- \`probe.js\`: what it takes, what it gives, and what it does. A change to a contract that would break a caller needs a new major version.
- \`greets.transcript\`: what the peer of the first test does, line by line. \`probe-run ./probe.js … --record FILE\` writes one from a real run.
`;
}
