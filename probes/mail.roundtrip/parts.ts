import type { JSONSchema } from "json-schema-to-ts";
import type { Contract } from "../../schemas/contract.js";

/** The parts of an object's schema that are combined here. */
interface ObjectSchema {
  properties: Readonly<Record<string, JSONSchema>>;
  required?: readonly string[];
  allOf?: readonly Rule[];
  items?: JSONSchema;
}

/** Any of these fields is enough. */
interface Rule {
  anyOf?: readonly { required?: readonly string[] }[];
}

/** Another probe's input as a part of this one's: without the fields that this probe sets, and its own expectations. */
export function inputPart({ schema }: Contract, decidedHere: readonly string[], description: string) {
  const { properties, required = [], allOf = [], ...rest } = schema as unknown as ObjectSchema & { title?: string; examples?: unknown };
  const { title: _title, examples: _examples, ...kept } = rest;
  const rules = allOf.filter(({ anyOf = [] }) => !anyOf.some((alternative) => alternative.required?.some((name) => decidedHere.includes(name))));
  return {
    ...kept,
    ...(rules.length === 0 ? {} : { allOf: rules }),
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !decidedHere.includes(name))),
    required: required.filter((name) => !decidedHere.includes(name)),
    description,
  };
}

/** Some fields of what another probe gives, as a part of an output. */
export function outputPart(schema: JSONSchema, names: readonly string[]) {
  const { properties } = schema as unknown as ObjectSchema;
  return {
    type: "object" as const,
    properties: Object.fromEntries(names.map((name) => [name, properties[name] as JSONSchema])),
    required: [...names],
    additionalProperties: false as const,
  };
}

/** The schema of one element of a field that is a list. */
export function elementOf({ schema }: Contract, name: string): JSONSchema {
  const { items } = (schema as unknown as ObjectSchema).properties[name] as unknown as ObjectSchema;
  return items as JSONSchema;
}

/** These fields of a value. */
export function picked<Value extends object, Name extends keyof Value & string>(value: Value, names: readonly Name[]): Pick<Value, Name> {
  return Object.fromEntries(names.map((name) => [name, value[name]])) as Pick<Value, Name>;
}
