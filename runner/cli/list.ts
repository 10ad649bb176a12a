import { catalogue } from "../harness/catalogue.js";
import { findConfig } from "../harness/config-file.js";
import { table } from "../support/table.js";
import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";

const options = { json: { description: "Print JSON instead of a table." } } as const;

export default defineCommand({
  summary: "Lists all probes with their versions and the capabilities that they need.",
  usage: "[options]",
  options,
  examples: [
    ["list", "Show all probes."],
    ["list --json", "The same as JSON."],
  ],
  words: { least: 0, most: 0 },
  run,
});

async function run({ options: { json } }: Arguments<typeof options>, io: Io): Promise<number> {
  const configured = findConfig(process.cwd()) === null ? [] : await (await import("./probe-outline.js")).configuredOutlines();
  const rows = [...catalogue(), ...configured].map(({ name, versions, needs, summary }) => ({ name, versions, needs, summary }));
  const text = json
    ? `${JSON.stringify(rows, null, 2)}\n`
    : table(
        ["PROBE", "VERSIONS", "NEEDS", "DESCRIPTION"],
        rows.map(({ name, versions, needs, summary }) => [name, versions.join(", "), needs.join(", "), summary]),
        io.stdout.isTty ? io.stdout.columns : Number.POSITIVE_INFINITY,
      );
  await io.out(text);
  return EXIT.ok;
}
