import type { Probe } from "../runner/harness/define-probe.js";
import { suiteContract, suitePartContract } from "../schemas/suite.js";

type Schema = Readonly<Record<string, unknown>>;

/**
 * The schema of a suite for editors: the contract, with the names of our probes to choose from, and the fields of a probe's input where a
 * check names it. What `required` would demand is left out, as a target or the defaults may give it.
 */
export function suiteSchema(probes: readonly Probe[]): Schema {
  const { properties, ...suite } = suiteContract.schema as Schema & {
    properties: { checks: { items: Schema & { properties: Schema & { probe: Schema } } } & Schema } & Schema;
  };
  const check = properties.checks.items;
  const probe = { ...check.properties.probe, examples: probes.flatMap(namesOf) };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:probe-run:suite",
    ...suite,
    properties: {
      ...properties,
      checks: { ...properties.checks, items: { ...check, properties: { ...check.properties, probe }, allOf: probes.flatMap(inputsOf) } },
    },
  };
}

/** The schema of a file that a suite includes. Its fields are those of the schema beside it. */
export function suitePartSchema(): Schema {
  const { properties, ...part } = suitePartContract.schema as unknown as Schema & { properties: Schema };
  const names = Object.keys(properties);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...part,
    properties: Object.fromEntries(names.map((name) => [name, { $ref: `suite.json#/properties/${name}` }])),
  };
}

/** A name means the newest version, `name@1` the newest of a major version, as in run(). */
function namesOf({ name, versions }: Probe): string[] {
  return [name, ...Object.keys(versions).map((version) => `${name}@${version.split(".")[0]}`)];
}

function inputsOf(probe: Probe): Schema[] {
  return Object.entries(probe.versions).map(([version, { input }], index) => {
    const names = [...(index === 0 ? [probe.name] : []), `${probe.name}@${version.split(".")[0]}`, `${probe.name}@${version}`];
    const { properties } = input.schema as { properties?: Readonly<Record<string, Schema>> };
    return {
      if: { properties: { probe: { enum: names } } },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
      then: { properties: { input: { properties: descriptions(properties ?? {}), additionalProperties: false } } },
    };
  });
}

/** What an editor shows. Values may be `${NAME}` of the environment, so nothing but the words is checked. */
function descriptions(properties: Readonly<Record<string, Schema>>): Schema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, { description, default: usual, enum: examples }]) => [name, { description, default: usual, examples }]),
  );
}
