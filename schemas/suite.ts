import { assertionSchema, when } from "./assertion.js";
import { contract, type FilledOf } from "./contract.js";
import { ALL_PHASES, CODES } from "./failure.js";
import { checkWatchSchema, suiteWatchSchema } from "./watch.js";

const name = { type: "string", format: "one-line", minLength: 1, maxLength: 128 } as const;
const tags = {
  type: "array",
  maxItems: 32,
  items: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._/-]*$", maxLength: 64 },
  description: "Tags for selecting checks: --tags a,b.",
} as const;
const retries = { type: "integer", minimum: 0, maximum: 20, description: "Number of times a failed check is retried." } as const;
const timeout = { type: "integer", minimum: 1, maximum: 3_600_000, description: "Timeout of each run; overrides timeout_ms in the input." } as const;
const input = { type: "object", description: "Fields of the probe's input." } as const;

/** Expressions are checked after the form of the suite, so that an invalid one does not hide other problems. */
const { format: _, ...matches } = assertionSchema.properties.matches;
const assertion = { ...assertionSchema, properties: { ...assertionSchema.properties, matches } };

const expectation = {
  type: "object",
  description: "The expected result. Without it, the status must not be error.",
  properties: {
    status: { enum: ["ok", "warning", "error"], description: "The exact status. A check may expect an error." },
    failure: {
      type: "object",
      description: "Expects the run to fail this way. Only the given fields are compared.",
      properties: {
        phase: { enum: ALL_PHASES },
        code: { enum: CODES },
        reply_code: { type: "integer" },
        enhanced_code: { type: "string", maxLength: 16 },
        retryable: { type: "boolean" },
      },
      additionalProperties: false,
    },
    output: {
      type: "object",
      description: "By field (a dotted path or a JSON pointer): the value itself, or assertions.",
      additionalProperties: when({ type: "object" }, assertion, {}),
    },
  },
  additionalProperties: false,
} as const;

const check = {
  type: "object",
  properties: {
    probe: { type: "string", minLength: 1, maxLength: 4096, description: "A name, a name@version, or the path of a probe's file relative to the suite." },
    name: { ...name, description: "The check's name in reports, after the target and the probe." },
    targets: {
      description: 'The names of targets, or "all".',
      ...when({ type: "array" }, { type: "array", minItems: 1, uniqueItems: true, items: { type: "string" } }, { const: "all" }),
    },
    tags,
    retries,
    timeout_ms: timeout,
    input: { ...input, description: "Fields of the probe's input; they override those of the target." },
    expect: expectation,
    watch: checkWatchSchema,
  },
  required: ["probe"],
  additionalProperties: false,
} as const;

const include = {
  type: "array",
  maxItems: 31,
  items: { type: "string", format: "one-line", minLength: 1, maxLength: 4096 },
  description: "Files with more targets and checks, by path relative to this file.",
} as const;

const targets = {
  type: "object",
  description: "Targets by name, each a set of input fields. Without targets, each check runs once.",
  propertyNames: name,
  maxProperties: 1000,
  additionalProperties: {
    type: "object",
    properties: {
      transcript: {
        type: "string",
        minLength: 1,
        maxLength: 4096,
        description: "The path of a transcript, relative to this file. It is played on a free port of this machine, and each check runs against it.",
      },
    },
  },
  default: {},
} as const;

const matrix = {
  type: "object",
  description: "Multiplies the targets: each is combined with one value of each axis, and is named after them, such as mx1/submission.",
  propertyNames: name,
  maxProperties: 8,
  additionalProperties: {
    description: "A field of the input with a list of its values, or names with the fields that each one sets.",
    ...when(
      { type: "array" },
      { type: "array", minItems: 1, maxItems: 1000, uniqueItems: true, items: { type: ["string", "number", "boolean"], format: "one-line", maxLength: 128 } },
      { type: "object", minProperties: 1, maxProperties: 1000, propertyNames: name, additionalProperties: { type: "object" } },
    ),
  },
  default: {},
} as const;

const checks = { type: "array", maxItems: 10_000, items: check, default: [] } as const;

/** A suite: targets × checks, with the expectations of each. */
export const suiteContract = contract({
  title: "probe-run suite",
  type: "object",
  properties: {
    name: { ...name, description: "The suite's name in reports." },
    concurrency: { type: "integer", minimum: 1, maximum: 1000, default: 5, description: "Maximum number of checks that run at the same time." },
    defaults: {
      type: "object",
      description: "Defaults for every check. Tags are added to those of each check.",
      properties: { timeout_ms: timeout, retries, tags, input },
      additionalProperties: false,
      default: {},
    },
    include,
    targets,
    matrix,
    watch: suiteWatchSchema,
    checks,
  },
  required: ["name"],
  additionalProperties: false,
});

/** A file that a suite includes. */
export const suitePartContract = contract({
  title: "probe-run suite, included file",
  type: "object",
  properties: { include, targets, checks },
  additionalProperties: false,
});

export type Suite = FilledOf<typeof suiteContract>;
export type SuitePart = FilledOf<typeof suitePartContract>;
export type SuiteCheck = Suite["checks"][number];
export type SuiteWatch = NonNullable<Suite["watch"]>;
export type Expectation = NonNullable<SuiteCheck["expect"]>;
