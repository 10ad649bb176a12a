import { jsonSchemaOf } from "../harness/json-schema.js";
import { loadProbe } from "../harness/registry.js";
import { candidates, parseAsked } from "../harness/version.js";
import { nearest } from "../support/did-you-mean.js";
import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { UsageError } from "./usage-error.js";

const SIDES = ["input", "output"] as const;

export default defineCommand({
  summary: "Prints the JSON Schema (2020-12) of a probe's input or output.",
  usage: "<probe>[@version] [input | output]",
  options: {},
  examples: [
    ["schema network.smtp", "The input of the newest version."],
    ["schema network.smtp@1 output", "The output of the newest version 1."],
  ],
  words: { least: 1, most: 2 },
  completes: ["probe", SIDES],
  run,
});

async function run({ words }: Arguments<Record<never, never>>, io: Io): Promise<number> {
  const [name, written = "input"] = words as [string, string?];
  const side = SIDES.find((each) => each === written);
  if (side === undefined)
    throw new UsageError(
      `a schema is of the input or the output, not of ${JSON.stringify(written)}`,
      nearest(written, SIDES, 1).map((near) => `did you mean ${near}?`)[0] ?? null,
    );
  const asked = parseAsked(name);
  const { probe, versions } = await loadProbe(asked.name);
  const version = candidates(asked, versions)[0] as string;
  await io.out(`${JSON.stringify(jsonSchemaOf(probe, version, side), null, 2)}\n`);
  return EXIT.ok;
}
