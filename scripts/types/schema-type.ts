// In the published declarations this stands in place of json-schema-to-ts, which the sources use: what we publish has types of no dependency.
// A test compares the two on every contract of the house.

type TypeName = "string" | "number" | "integer" | "boolean" | "null" | "array" | "object";

/** The keywords of JSON Schema, and our annotations: Ajv refuses others, too. */
interface SchemaKeywords {
  readonly $schema?: string;
  readonly $id?: string;
  readonly $comment?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JSONSchema>>;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly deprecated?: boolean;
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
  readonly type?: TypeName | readonly TypeName[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly contentEncoding?: string;
  readonly contentMediaType?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly items?: JSONSchema;
  readonly prefixItems?: readonly JSONSchema[];
  readonly contains?: JSONSchema;
  readonly minContains?: number;
  readonly maxContains?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, JSONSchema>>;
  readonly patternProperties?: Readonly<Record<string, JSONSchema>>;
  readonly additionalProperties?: JSONSchema;
  readonly unevaluatedProperties?: JSONSchema;
  readonly propertyNames?: JSONSchema;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  readonly dependentSchemas?: Readonly<Record<string, JSONSchema>>;
  readonly anyOf?: readonly JSONSchema[];
  readonly oneOf?: readonly JSONSchema[];
  readonly allOf?: readonly JSONSchema[];
  readonly not?: JSONSchema;
  readonly if?: JSONSchema;
  readonly then?: JSONSchema;
  readonly else?: JSONSchema;
  readonly "x-secret"?: boolean;
  readonly "x-secret-name"?: boolean;
  readonly "x-secret-reference"?: boolean;
  readonly "x-reference"?: boolean;
}

/** A JSON Schema (draft 2020-12), as contract() takes it. */
export type JSONSchema = boolean | SchemaKeywords;

/** The type that a schema describes. Fields with a default are always there, unless `keepDefaultedPropertiesOptional` is set. */
export type FromSchema<Schema, Options = Record<never, never>> = Value<Schema, Options extends { keepDefaultedPropertiesOptional: true } ? true : false>;

type Value<Schema, Given extends boolean> = Schema extends false
  ? never
  : Schema extends { readonly const: infer Constant }
    ? Constant
    : Schema extends { readonly enum: readonly (infer Member)[] }
      ? Member
      : Typed<Schema, Given> & Alternatives<Schema, "anyOf", Given> & Alternatives<Schema, "oneOf", Given> & All<Schema, Given>;

type Typed<Schema, Given extends boolean> = Schema extends { readonly type: infer Type }
  ? OfType<Type extends readonly (infer Each)[] ? Each : Type, Schema, Given>
  : unknown;

type OfType<Type, Schema, Given extends boolean> = Type extends "string"
  ? string
  : Type extends "number" | "integer"
    ? number
    : Type extends "boolean"
      ? boolean
      : Type extends "null"
        ? null
        : Type extends "array"
          ? (Schema extends { readonly items: infer Items } ? Value<Items, Given> : unknown)[]
          : Type extends "object"
            ? Fields<Schema, Given>
            : unknown;

type Properties<Schema> = Schema extends { readonly properties: infer Each } ? Each : Record<never, never>;
type Required<Schema> = Schema extends { readonly required: readonly (infer Name)[] } ? Name : never;

/** The fields that have a default: they are always present in the value that a reader gets. */
type Defaulted<Each> = { [Name in keyof Each]: Each[Name] extends { readonly default: unknown } ? Name : never }[keyof Each];
type Present<Schema, Given extends boolean> = keyof Properties<Schema> & (Required<Schema> | (Given extends true ? never : Defaulted<Properties<Schema>>));

type Fields<Schema, Given extends boolean> = Flat<
  { -readonly [Name in Present<Schema, Given>]: Value<Properties<Schema>[Name], Given> } & {
    -readonly [Name in Exclude<keyof Properties<Schema>, Present<Schema, Given>>]?: Value<Properties<Schema>[Name], Given>;
  } & Others<Schema, Given>
>;

type Others<Schema, Given extends boolean> = Schema extends { readonly additionalProperties: infer Other }
  ? Other extends false
    ? unknown
    : keyof Properties<Schema> extends never
      ? { [name: string]: Value<Other, Given> }
      : { [name: string]: unknown }
  : { [name: string]: unknown };

type Flat<Type> = { [Name in keyof Type]: Type[Name] };

/** One of the schemas under a keyword fits. One that only requires fields means the fields of the schema that it stands in. */
type Alternatives<Schema, Keyword extends string, Given extends boolean> = Schema extends { readonly [Name in Keyword]: readonly (infer Each)[] }
  ? Each extends unknown
    ? Value<Each, Given> & Demanded<Schema, Each, Given>
    : never
  : unknown;

type Demanded<Schema, Alternative, Given extends boolean> = [Required<Alternative>] extends [never]
  ? unknown
  : { [Name in Required<Alternative> & keyof Properties<Schema>]: Value<Properties<Schema>[Name], Given> };

type All<Schema, Given extends boolean> = Schema extends { readonly allOf: infer Each } ? Both<Each, Given> : unknown;
type Both<Each, Given extends boolean> = Each extends readonly [infer First, ...infer Rest] ? Value<First, Given> & Both<Rest, Given> : unknown;
