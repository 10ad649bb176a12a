import type { Probe } from "../../runner/harness/define-probe.js";
import { ALL_PHASES, CODES } from "../../schemas/failure.js";
import { interfaceBody, type Mode, type NameOf, type Schema, typeText } from "./type-text.js";

/** The names of types that no schema of their own defines. */
export const vocabularies: NameOf = (text) => {
  if (text === "{\n  secret: string;\n}") return "SecretReference";
  const values = text.split(" | ");
  if (values.length === CODES.length && values.every((value, index) => value === JSON.stringify(CODES[index]))) return "FailureCode";
  const phases = new Set(ALL_PHASES.map((phase) => JSON.stringify(phase)));
  // Each protocol lists its own phases; the type is of all of them.
  return values.length > 2 && values.every((value) => phases.has(value)) ? "Phase" : null;
};

/** `export interface NetworkSmtpInput { … }` of the newest version, NetworkSmtp1Input of an older one. */
export function probeInterfaces(probe: Probe, nameOf: NameOf): string {
  const declarations = Object.entries(probe.versions).flatMap(([version, { input, output }]) => [
    declaration(nameIn(probe, version, "Input"), `The input of ${probe.name}@${version}. ${probe.summary}`, input.schema as Schema, "given", nameOf),
    declaration(nameIn(probe, version, "Output"), `The output of ${probe.name}@${version}.`, output.schema as Schema, "filled", nameOf),
  ]);
  return declarations.join("\n\n");
}

export function interfaceNames(probe: Probe): string[] {
  return Object.keys(probe.versions).flatMap((version) => [nameIn(probe, version, "Input"), nameIn(probe, version, "Output")]);
}

/** One exported type, as an interface where it is a plain object. */
export function declaration(name: string, summary: string | null, schema: Schema, mode: Mode, nameOf: NameOf): string {
  const others: NameOf = (text) => (nameOf(text) === name ? null : nameOf(text));
  const body = interfaceBody(schema, mode, others);
  const comment = summary === null ? "" : `/** ${summary} */\n`;
  return `${comment}${body === null ? `export type ${name} = ${typeText(schema, mode, others)};` : `export interface ${name} ${body}`}`;
}

/** The interface by which run() finds what a name takes and gives. */
export function probeTable(probes: readonly Probe[]): string {
  const rows = probes.map((probe) => {
    const versions = Object.keys(probe.versions).map(
      (version) => `"${version}": Exchange<${nameIn(probe, version, "Input")}, ${nameIn(probe, version, "Output")}>`,
    );
    return `  "${probe.name}": TypedProbe<"${newest(probe)}", { ${versions.join("; ")} }>;`;
  });
  return `/** The input and output of each built-in probe. */\nexport interface BuiltInTypes {\n${rows.join("\n")}\n}`;
}

function newest(probe: Probe): string {
  return Object.keys(probe.versions)[0] as string;
}

function nameIn(probe: Probe, version: string, side: "Input" | "Output"): string {
  const words = probe.name.split(".").map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`);
  return `${words.join("")}${version === newest(probe) ? "" : version.split(".")[0]}${side}`;
}
