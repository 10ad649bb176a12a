import type { Probe } from "../../runner/harness/define-probe.js";

/** The part of JSON Schema that our contracts are written in. */
export interface Schema {
  title?: string;
  type?: string | readonly string[];
  format?: string;
  description?: string;
  default?: unknown;
  examples?: readonly unknown[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: boolean;
  items?: Schema;
  anyOf?: readonly Schema[];
  "x-secret"?: boolean;
}

export interface Field {
  /** As /auth/password; an array's items are /items/*. */
  path: string;
  name: string;
  schema: Schema;
}

export function schemaOf(probe: Probe, version: string, side: "input" | "output"): Schema {
  return probe.versions[version]?.[side].schema as Schema;
}

/** Every named field, wherever it stands. What is said of a secret's two forms is not a field of ours. */
export function fieldsOf(schema: Schema, path = ""): Field[] {
  if (schema["x-secret"] === true) return [];
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
    { path: `${path}/${name}`, name, schema: property },
    ...fieldsOf(property, `${path}/${name}`),
  ]);
  return [...own, ...(schema.items === undefined ? [] : fieldsOf(schema.items, `${path}/*`))];
}

/** Every schema of an object. */
export function objectsOf(schema: Schema, path = ""): { path: string; schema: Schema }[] {
  const own = schema.properties === undefined ? [] : [{ path, schema }];
  const inside = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => objectsOf(property, `${path}/${name}`));
  const alternatives = (schema.anyOf ?? []).flatMap((alternative) => objectsOf(alternative, path));
  return [...own, ...inside, ...alternatives, ...(schema.items === undefined ? [] : objectsOf(schema.items, `${path}/*`))];
}

/** What the schema asks for, and no more. One that asks for either of two fields says so by an example of its own. */
export function exampleInput(schema: Schema): Record<string, unknown> {
  if (schema.examples?.[0] !== undefined) return structuredClone(schema.examples[0]) as Record<string, unknown>;
  return Object.fromEntries((schema.required ?? []).map((name) => [name, exampleOf(schema.properties?.[name] ?? {}, name)]));
}

/** What stands for a format of ours, where the field gives no example. */
const USUAL: Readonly<Record<string, string>> = { host: "127.0.0.1", domain: "example.org" };

function exampleOf(schema: Schema, name: string): unknown {
  if (schema.properties !== undefined) return exampleInput(schema);
  const given = schema.examples?.[0] ?? schema.default;
  if (given !== undefined) return given;
  const usual = USUAL[schema.format ?? ""];
  if (usual !== undefined) return usual;
  throw new Error(`the required field ${name} has no example in its schema: add examples: [7] or a default to it`);
}

/** The texts that stand in an input where its schema has a secret. */
export function secretsIn(schema: Schema, value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (schema["x-secret"] === true) return typeof value === "string" ? [value] : [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => secretsIn(property, (value as Record<string, unknown>)[name]));
}

/** The input with this value at the path, and what is on the way to it. */
export function withValueAt(input: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const [name, ...rest] = path.slice(1).split("/") as [string, ...string[]];
  const inside = (input[name] ?? {}) as Record<string, unknown>;
  return { ...input, [name]: rest.length === 0 ? value : withValueAt(inside, `/${rest.join("/")}`, value) };
}
