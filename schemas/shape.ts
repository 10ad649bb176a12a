/** Small builders for common schema shapes, which preserve literal types. */

/** An object with exactly these fields, all required: the building block of outputs. */
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

/** A schema that also accepts null. It is a union of types, which validates without trying alternatives in turn. */
export type Nullable<Schema> = Schema extends { readonly type: infer Type }
  ? Omit<Schema, "type"> & { readonly type: readonly [Type, "null"] }
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Omit<Schema, "enum"> & { readonly enum: readonly (Value | null)[] }
    : never;

/** The schema, or null for "did not happen". */
export function nullable<const Schema extends { readonly type: string } | { readonly enum: readonly unknown[] }>(
  schema: Schema,
  description?: string,
): Nullable<Schema> {
  const widened = "type" in schema ? { ...schema, type: [schema.type, "null"] } : { ...schema, enum: [...schema.enum, null] };
  return (description === undefined ? widened : { ...widened, description }) as unknown as Nullable<Schema>;
}

export function list<const Schema>(items: Schema, description?: string): { readonly type: "array"; readonly items: Schema; readonly description?: string } {
  return { type: "array", items, ...(description === undefined ? {} : { description }) };
}

export function text<const Description extends string>(description: Description): { readonly type: "string"; readonly description: Description } {
  return { type: "string", description };
}

/** The same field without its default: for one whose default depends on other fields. */
export function withoutDefault<const Schema extends { readonly default: unknown }>({ default: _, ...rest }: Schema): Omit<Schema, "default"> {
  return rest;
}
