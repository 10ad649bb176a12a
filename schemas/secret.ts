/** Where a value is: in the environment, in a file, or in what a command prints. */
export const REFERENCE_PATTERN = "^(env|file|command):.+";

/** A reference to a value, instead of the value itself. */
const referenceSchema = {
  type: "object",
  properties: {
    secret: { type: "string", pattern: REFERENCE_PATTERN, maxLength: 4096, description: "env:NAME, file:PATH or command:PROGRAM ARGS" },
  },
  required: ["secret"],
  additionalProperties: false,
} as const;

/**
 * A field that holds a secret: the text itself, or a reference to it. Fields marked x-secret are resolved by the harness
 * before the run and masked in every output.
 */
export const secretSchema = {
  anyOf: [{ type: "string", minLength: 1, maxLength: 8192 }, referenceSchema],
  "x-secret": true,
} as const;

/**
 * A field that says where a secret is, and never holds it: by a reference, or by the bare name of an environment variable, which stands
 * as it is written or in capitals. What is marked x-secret-name is resolved and kept as a secret is.
 */
export function secretName<const Description extends string>(
  description: Description,
): {
  readonly anyOf: readonly [{ readonly type: "string"; readonly pattern: "^[A-Za-z_][A-Za-z0-9_]*$"; readonly maxLength: 256 }, typeof referenceSchema];
  readonly description: Description;
  readonly "x-secret-name": true;
} {
  return { anyOf: [{ type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]*$", maxLength: 256 }, referenceSchema], description, "x-secret-name": true };
}

/**
 * A field whose text may be written elsewhere without being a secret, as an account's name in the environment. What is marked
 * x-reference is resolved as a secret is, must be one line, and is shown in outputs as any other field.
 */
export function orReference<const Text>(
  text: Text,
  description: string,
): { readonly anyOf: readonly [Text, typeof referenceSchema]; readonly description: string; readonly "x-reference": true } {
  return { anyOf: [text, referenceSchema], description, "x-reference": true };
}

/**
 * A field whose text may be a secret if it is written elsewhere, as the value of a header. What is marked x-secret-reference is resolved as a
 * secret is; a text that stands in the input itself is shown as any other field.
 */
export function textOrSecret<const Text>(
  text: Text,
  description: string,
): { readonly anyOf: readonly [Text, typeof referenceSchema]; readonly description: string; readonly "x-secret-reference": true } {
  return { anyOf: [text, referenceSchema], description, "x-secret-reference": true };
}

export type SecretReference = { secret: string };

/** The text of a field that the harness has resolved. */
export function resolved(field: string | SecretReference): string {
  if (typeof field === "string") return field;
  throw new Error(`${field.secret} was not resolved before the run`);
}
