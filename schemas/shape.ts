/** Small builders that keep a schema's literal types, for the shapes that the house writes again and again. */

/** An object in which every field is always present and nothing else is: what an output is made of. */
export function record<const Properties extends Readonly<Record<string, unknown>>>(
  properties: Properties,
  description?: string,
): {
  readonly type: "object";
  readonly properties: Properties;
  readonly required: readonly (keyof Properties & string)[];
  readonly additionalProperties: false;
  readonly description?: string;
} {
  return {
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  };
}

/** The schema, or null for "did not happen". */
export function nullable<const Schema>(
  schema: Schema,
  description?: string,
): { readonly anyOf: readonly [Schema, { readonly type: "null" }]; readonly description?: string } {
  return { anyOf: [schema, { type: "null" }], ...(description === undefined ? {} : { description }) };
}

export function list<const Schema>(
  items: Schema,
  description?: string,
): { readonly type: "array"; readonly items: Schema; readonly description?: string } {
  return { type: "array", items, ...(description === undefined ? {} : { description }) };
}

export function text<const Description extends string>(description: Description): { readonly type: "string"; readonly description: Description } {
  return { type: "string", description };
}
