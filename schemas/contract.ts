import type { FromSchema, JSONSchema } from "json-schema-to-ts";
import { isQuestionName, isRecordType } from "./dns-types.js";
import { isAddress, isDomain, isTarget } from "./host.js";
import { isFieldName, isFieldValue, isHttpUrl } from "./http-request.js";
import { isNameServer } from "./name-server.js";
import { isUsablePattern } from "./regular-expression.js";
import { isBase64, isOneLine } from "./text.js";

/**
 * One value for what a message is: its JSON Schema, its TypeScript types and its validator.
 * `Given` is what a caller may write (defaulted fields may be absent), `Filled` what the code receives, with defaults filled in.
 */
export interface Contract<Given = unknown, Filled = Given> {
  readonly schema: JSONSchema;
  /** Checks a value and fills in its defaults. It stops at the first violation, which keeps it small and fast. */
  readonly validator: Judge;
  /** Lists every violation in a value. It also fills in defaults, so pass a copy. */
  faults(value: unknown): readonly SchemaError[];
  /** Takes validators that the build compiled. The full one is seldom needed, and hence loaded only then; without it, it is compiled at its first use. */
  adopt(precompiled: Judge, full?: () => Validator): void;
  /** Never set: carries the two types only. */
  readonly types?: { given: Given; filled: Filled };
}

type Judge = (value: unknown) => boolean;

/** What Ajv compiles a schema to. It fills defaults in, and leaves what it found wrong in `errors`. */
interface Validator extends Judge {
  errors?: SchemaError[] | null;
}

/** The part of an Ajv error that we read. */
export interface SchemaError {
  instancePath: string;
  /** The key that is wrong, in a check of keys. */
  propertyName?: string;
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
  let compiled: Judge | undefined;
  let compileFull = (): Validator => compile(schema, "telling");
  return {
    schema,
    get validator(): Judge {
      compiled ??= compile(schema, "judging");
      return compiled;
    },
    faults(value: unknown): readonly SchemaError[] {
      const full = compileFull();
      compileFull = () => full;
      return full(value) ? [] : (full.errors ?? []);
    },
    adopt(precompiled: Judge, full?: () => Validator): void {
      compiled = precompiled;
      if (full !== undefined) compileFull = full;
    },
  };
}

const rules = { useDefaults: true, strict: true, allowUnionTypes: true } as const;

/** Ajv's options for the two validators of a contract, shared with the build that precompiles: all must judge alike. */
export const ajvOptions = {
  judging: { ...rules, allErrors: false, verbose: false, messages: false },
  telling: { ...rules, allErrors: true, verbose: true, messages: true },
} as const;

/** What a validator is for: to say whether, or to say what is wrong. */
export type Purpose = keyof typeof ajvOptions;

/** Custom formats, by the name that schemas use. */
export const formats = {
  host: isTarget,
  domain: isDomain,
  address: isAddress,
  "name-server": isNameServer,
  "one-line": isOneLine,
  base64: isBase64,
  "regular-expression": isUsablePattern,
  "http-url": isHttpUrl,
  "header-name": isFieldName,
  "header-value": isFieldValue,
  "dns-name": isQuestionName,
  "record-type": isRecordType,
} as const;

/** Custom annotations: they describe a field and validate nothing. */
export const annotations = ["x-secret", "x-secret-name", "x-secret-reference", "x-reference"] as const;

interface Compiler {
  compile(schema: unknown): Validator;
}

const compilers: { [P in Purpose]?: Compiler } = {};

// Importing Ajv costs some 30 ms, so it is not imported before a contract without a precompiled validator is used.
function compile(schema: JSONSchema, purpose: Purpose): Validator {
  compilers[purpose] ??= newAjv(purpose);
  return compilers[purpose].compile(schema);
}

function newAjv(purpose: Purpose): Compiler {
  // node:module, too, takes a millisecond to load.
  const { createRequire } = process.getBuiltinModule("node:module");
  const { Ajv2020 } = createRequire(import.meta.url)("ajv/dist/2020.js") as typeof import("ajv/dist/2020.js");
  // What is compiled here is used a few times, and Ajv's optimisation would take half as long again.
  const instance = new Ajv2020({ ...ajvOptions[purpose], code: { optimize: false } });
  for (const [name, check] of Object.entries(formats)) instance.addFormat(name, check);
  for (const name of annotations) instance.addKeyword(name);
  return instance as unknown as Compiler;
}
