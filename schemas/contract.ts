import { createRequire } from "node:module";
import type { FromSchema, JSONSchema } from "json-schema-to-ts";
import { isAddress, isDomain, isHostOrAddress, isNameServer } from "./host.js";
import { isOneLine } from "./text.js";

/**
 * One value for what a message is: its JSON Schema, its TypeScript types and its validator.
 * `Given` is what a caller may write (defaulted fields may be absent), `Filled` what the code behind it holds.
 */
export interface Contract<Given = unknown, Filled = Given> {
  readonly schema: JSONSchema;
  /** Compiled at the first use, unless a precompiled one was adopted before. */
  readonly validator: Validator;
  adopt(precompiled: Validator): void;
  /** Never set: carries the two types only. */
  readonly types?: { given: Given; filled: Filled };
}

/** What Ajv compiles a schema to. It fills defaults in, and leaves what it found wrong in `errors`. */
export interface Validator {
  (value: unknown): boolean;
  errors?: SchemaError[] | null;
}

/** The part of an Ajv error that we read. */
export interface SchemaError {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
  schemaPath: string;
  parentSchema?: Record<string, unknown>;
  data?: unknown;
}

export type GivenOf<C> = C extends Contract<infer Given, infer _Filled> ? Given : never;
export type FilledOf<C> = C extends Contract<infer _Given, infer Filled> ? Filled : never;

// The const type parameter keeps literals; naming FromSchema only in the return type keeps the checker out of its depth limit.
export function contract<const Schema extends JSONSchema>(
  schema: Schema,
): Contract<FromSchema<Schema, { keepDefaultedPropertiesOptional: true }>, FromSchema<Schema>> {
  let compiled: Validator | undefined;
  return {
    schema,
    get validator(): Validator {
      compiled ??= compile(schema);
      return compiled;
    },
    adopt(precompiled: Validator): void {
      compiled = precompiled;
    },
  };
}

/** Ajv's options, shared with the build that precompiles: both must judge alike. */
export const ajvOptions = { allErrors: true, useDefaults: true, strict: true, allowUnionTypes: true, verbose: true } as const;

/** Formats of ours, by the name a schema uses. */
export const formats = { host: isHostOrAddress, domain: isDomain, address: isAddress, "name-server": isNameServer, "one-line": isOneLine } as const;

/** Annotations of ours: they say something about a field and check nothing. */
export const annotations = ["x-secret", "x-reference"] as const;

let ajv: { compile(schema: unknown): Validator } | undefined;

// Importing Ajv costs some 30 ms, so it is not imported before a contract without a precompiled validator is used.
function compile(schema: JSONSchema): Validator {
  ajv ??= newAjv();
  return ajv.compile(schema);
}

function newAjv(): { compile(schema: unknown): Validator } {
  const { Ajv2020 } = createRequire(import.meta.url)("ajv/dist/2020.js") as typeof import("ajv/dist/2020.js");
  const instance = new Ajv2020(ajvOptions);
  for (const [name, check] of Object.entries(formats)) instance.addFormat(name, check);
  for (const name of annotations) instance.addKeyword(name);
  return instance as unknown as { compile(schema: unknown): Validator };
}
