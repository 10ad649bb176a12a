// biome-ignore-all lint/suspicious/noTemplateCurlyInString: descriptions show the placeholders of steps
import { expectedValue } from "../../schemas/assertion.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { failureIn, HTTP_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { clientInput, hopSchema, requestInput } from "../../schemas/http.js";
import { textOrSecret } from "../../schemas/secret.js";
import { list, nullable, record } from "../../schemas/shape.js";

const NAME = "^[A-Za-z_][A-Za-z0-9_]*$";
const pointer = { pattern: "^(/([^/~]|~[01])*)*$", maxLength: 512 } as const;
const xmlPath = { pattern: "^(/[^/\\[\\]@]+(\\[[1-9][0-9]{0,5}\\])?)+(/@[^/\\[\\]@]+)?$", maxLength: 512 } as const;
const headerName = { format: "header-name", maxLength: 128 } as const;

const expectations = {
  type: "object",
  description: "What the response must be. Without a status, 400 and above fails the step.",
  properties: {
    status: expectedValue("The status code: a number, a list of numbers, or assertions."),
    headers: {
      type: "object",
      maxProperties: 64,
      propertyNames: headerName,
      additionalProperties: expectedValue("The field's value."),
      description: "Header fields by name.",
    },
    body: expectedValue("The body as text."),
    json: {
      type: "object",
      maxProperties: 100,
      propertyNames: pointer,
      additionalProperties: expectedValue("The value there."),
      description: "Values of the JSON body by JSON Pointer (RFC 6901); an empty pointer is the whole body.",
    },
    schema: { anyOf: [{ type: "object" }, { type: "boolean" }], description: "A JSON Schema (2020-12) that the JSON body must fit." },
    xml: {
      type: "object",
      maxProperties: 100,
      propertyNames: xmlPath,
      additionalProperties: expectedValue("The text there."),
      description: "Texts of the XML body by path: /feed/entry[2]/title, /feed/@version.",
    },
    max_duration_ms: { type: "number", exclusiveMinimum: 0, maximum: 3_600_000, description: "The exchange takes no longer." },
  },
  additionalProperties: false,
} as const;

const capture = {
  type: "object",
  properties: {
    json: { type: "string", ...pointer, description: "A JSON Pointer into the body." },
    xml: { type: "string", ...xmlPath, description: "A path into the XML body." },
    header: { type: "string", ...headerName, description: "The name of a header field." },
    secret: { type: "boolean", default: false, description: "The value is a secret: it is shown in no output." },
  },
  minProperties: 1,
  additionalProperties: false,
} as const;

const step = {
  type: "object",
  properties: {
    name: { type: "string", format: "one-line", minLength: 1, maxLength: 64, description: "What the step is called in the output." },
    path: {
      type: "string",
      pattern: "^/([^/\\\\\\s#][^\\\\\\s#]*)?$",
      maxLength: 4096,
      default: "/",
      description: "Path and query below the URL's origin, from its first slash on. ${name} stands for a captured value.",
    },
    method: requestInput.method,
    headers: requestInput.headers,
    json: { description: "The request's body as JSON. ${name} in its texts stands for a captured value." },
    body: textOrSecret({ type: "string", maxLength: 1_048_576 }, "The request's body as text, or a reference to it. ${name} stands for a captured value."),
    expect: expectations,
    capture: {
      type: "object",
      maxProperties: 20,
      propertyNames: { pattern: NAME, maxLength: 64 },
      additionalProperties: capture,
      description: "Values of the response, by the name that later steps use.",
    },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "webapp.rest 1.0.0 input",
  type: "object",
  properties: {
    url: {
      type: "string",
      format: "http-url",
      maxLength: 8192,
      examples: ["http://127.0.0.1/"],
      description: "The API's URL. Steps give their path from its origin.",
    },
    steps: {
      type: "array",
      minItems: 1,
      maxItems: 20,
      items: step,
      default: [{}],
      description: "The exchanges, in order. After one that fails, the others are not sent.",
    },
    headers: requestInput.headers,
    auth: requestInput.auth,
    max_body_bytes: { type: "integer", minimum: 0, maximum: 4_194_304, default: 1_048_576, description: "A longer body fails its step." },
    ...clientInput,
  },
  required: ["url"],
  additionalProperties: false,
});

const output = contract({
  title: "webapp.rest 1.0.0 output",
  ...outputOf(
    {
      url: { type: "string" },
      steps: list(
        record({
          name: { type: "string" },
          outcome: {
            enum: ["passed", "failed", "broken", "not_reached"],
            description: "failed: an assertion does not hold. broken: there was no whole response.",
          },
          failure: failureIn(HTTP_PHASES),
          exchange: nullable(hopSchema, "The request and its response; null if it was not sent."),
          body_bytes: nullable({ type: "integer" }, "The decoded body's size."),
          duration_ms: nullable({ type: "number" }, "The whole exchange."),
          assertions: list(
            record({
              target: { type: "string", description: "status, duration, body, header NAME, json POINTER or xml PATH." },
              expected: { type: "string" },
              actual: { type: "string" },
              passed: { type: "boolean" },
            }),
          ),
          schema_violations: list(record({ pointer: { type: "string" }, message: { type: "string" } }), "Where the body does not fit the schema, up to 20."),
          anomalies: list({ enum: ["duplicate_key", "inexact_number", "byte_order_mark"] }, "What a JSON body has that readers understand differently."),
          captures: { type: "object", additionalProperties: { type: "string" }, description: "Captured values by name." },
        }),
        "One for each step of the input.",
      ),
      findings: list(findingSchema, "What was judged, and why the status is not ok."),
    },
    HTTP_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Step = Input["steps"][number];
export type StepResult = Output["steps"][number];
