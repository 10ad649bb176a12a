import type { LabOutline } from "../harness/built-in.js";
import { catalogue, labServersOf, publishedSchema } from "../harness/catalogue.js";
import { fieldsOfTarget, type InputSchema, missingFields, type Target } from "../harness/target.js";
import { candidates, parseAsked } from "../harness/version.js";
import { table } from "../support/table.js";
import { wrapped } from "../support/wrap-text.js";
import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import type { ProbeOutline } from "./probe-outline.js";
import { exampleOf, type Field, fieldsOf } from "./schema-fields.js";

const options = { json: { description: "Print JSON instead of tables." } } as const;

export default defineCommand({
  summary: "Shows the input and output fields of a probe with types, defaults and descriptions.",
  usage: "<probe>[@version] [options]",
  options,
  examples: [
    ["describe network.smtp", "The newest version."],
    ["describe network.smtp@1 --json", "Version 1 as JSON."],
  ],
  words: { least: 1, most: 1 },
  completes: ["probe"],
  run,
});

async function run({ words, options: { json } }: Arguments<typeof options>, io: Io): Promise<number> {
  const asked = parseAsked(words[0] as string);
  const { name, versions, summary, needs, target, schemaOf } = await outlineOf(asked.name);
  const version = candidates(asked, versions)[0] as string;
  const input = schemaOf(version, "input");
  const description: Description = {
    name,
    version,
    versions,
    summary,
    needs,
    target: targetFieldsOf(target, input as InputSchema),
    input: fieldsOf(input),
    output: fieldsOf(schemaOf(version, "output")),
    example: exampleOf(input),
    labs: await labServersOf(name),
  };
  const width = io.stdout.isTty ? io.stdout.columns : Number.POSITIVE_INFINITY;
  await io.out(json ? `${JSON.stringify(description, null, 2)}\n` : describedAsText(description, asked.version !== null, width));
  return EXIT.ok;
}

/** A built-in probe is described from what the package publishes of it, without loading it. */
async function outlineOf(name: string): Promise<ProbeOutline> {
  const entry = catalogue().find((each) => each.name === name);
  if (entry === undefined) return (await import("./probe-outline.js")).loadedOutline(name);
  return { ...entry, schemaOf: (version, side) => publishedSchema(name, version, side) };
}

interface Description {
  name: string;
  version: string;
  versions: readonly string[];
  summary: string;
  needs: readonly string[];
  /** The input fields that a bare word on the command line fills. */
  target: readonly string[];
  input: Field[];
  output: Field[];
  /** The smallest input that the contract accepts. */
  example: unknown;
  /** The servers that --lab=NAME starts. */
  labs: readonly LabOutline[];
}

/** Below this width, a table of fields would consist of line breaks. */
const TABLE_WIDTH = 140;

/** Empty if this version lacks one of them. */
function targetFieldsOf(target: Target | null, schema: InputSchema): string[] {
  return target === null || missingFields(target, schema).length > 0 ? [] : fieldsOfTarget(target);
}

function describedAsText(
  { name, version, versions, summary, needs, target, input, output, example, labs }: Description,
  wasAsked: boolean,
  width: number,
): string {
  const fields = width < TABLE_WIDTH ? blocks : tableOf;
  return [
    `${name}@${version}`,
    summary,
    "",
    `Versions: ${versions.join(", ")}`,
    `Needs:    ${needs.join(", ") || "nothing"}`,
    `Target:   ${target.join(", ") || "none: give a file, or --set"}`,
    "",
    "Input",
    fields(input, width, "DEFAULT"),
    "Output",
    fields(output, width),
    "Example",
    `echo '${JSON.stringify(example)}' | probe-run ${name}${wasAsked ? `@${version}` : ""} -`,
    "",
    ...(labs.length === 0
      ? []
      : [
          "Lab",
          table(
            ["SERVER", "WHAT IT DOES"],
            labs.map((server) => [`--lab=${server.name}`, server.summary]),
            width,
          ),
        ]),
  ].join("\n");
}

function tableOf(fields: readonly Field[], width: number, ...presenceHeading: string[]): string {
  const row = (field: Field): string[] => [field.name, field.type, ...presenceHeading.map(() => presence(field)), field.description];
  return table(["FIELD", "TYPE", ...presenceHeading, "MEANING"], fields.map(row).flatMap(broken), width);
}

function blocks(fields: readonly Field[], width: number, ...presenceHeading: string[]): string {
  const block = (field: Field): string[] => {
    const wanted = field.required ? ", required" : field.default === undefined ? "" : `, ${JSON.stringify(field.default)} by default`;
    const first = wrapped(`${field.name}: ${field.type}${presenceHeading.length > 0 ? wanted : ""}`, width);
    return field.description === "" ? first : [...first, ...wrapped(field.description, width, 6)];
  };
  return `${fields.flatMap(block).join("\n")}\n`;
}

function presence(field: Field): string {
  if (field.required) return "required";
  return field.default === undefined ? "" : JSON.stringify(field.default);
}

const WIDEST_TYPE = 36;

/** A long list of values continues in the rows below. */
function broken([name = "", type = "", ...rest]: readonly string[]): string[][] {
  const lines: string[] = [];
  for (const value of type.split(" | ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 3 + value.length <= WIDEST_TYPE) lines[lines.length - 1] = `${line} | ${value}`;
    else lines.push(line === undefined ? value : `| ${value}`);
  }
  return lines.map((line, index) => (index === 0 ? [name, line, ...rest] : ["", line]));
}
