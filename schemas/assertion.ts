import { contract, type FilledOf } from "./contract.js";

const limit = (description: string) => ({ type: "number", description }) as const;
const choice = (description: string) => ({ type: "array", minItems: 1, maxItems: 256, description }) as const;

/** What a value must be like. Suites and probes use the same vocabulary: every assertion that is given must hold. */
export const assertionSchema = {
  type: "object",
  minProperties: 1,
  properties: {
    equals: { description: "Exactly this value, lists and objects too." },
    contains: { description: "A text within the text, or an item of the list." },
    matches: {
      type: "string",
      maxLength: 256,
      format: "regular-expression",
      description: "A regular expression that matches somewhere in the text's first 4096 characters.",
    },
    in: choice("Equals one of these."),
    min: limit("A number of at least this."),
    max: limit("A number of at most this."),
    above: limit("A number greater than this."),
    below: limit("A number less than this."),
    absent: { type: "boolean", description: "true: the value is null or does not exist. false: it exists and is not null." },
    at_least: limit("The same as min."),
    at_most: limit("The same as max."),
    one_of: choice("The same as in."),
    exists: { type: "boolean", description: "The opposite of absent." },
  },
  additionalProperties: false,
} as const;

export const assertionContract = contract(assertionSchema);
export type Assertion = FilledOf<typeof assertionContract>;

/** Unlike anyOf, a schema for one form of a value reports exactly what is wrong with that form. */
export function when<const Condition, const Then, const Else>(condition: Condition, then: Then, otherwise: Else) {
  return { if: condition, then, else: otherwise };
}

/** A value as it must be, or assertions about it. */
export function expectedValue<const Description extends string>(description: Description) {
  return { description, ...when({ type: "object" } as const, assertionSchema, {}) };
}
