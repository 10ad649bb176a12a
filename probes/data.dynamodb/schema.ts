import { expectedValue } from "../../schemas/assertion.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dataExpectations, dataInput, dataOutput, dataRows, dataUsername } from "../../schemas/data.js";
import { DATA_PHASES, HTTP_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { secretSchema } from "../../schemas/secret.js";
import { list, nullable, record } from "../../schemas/shape.js";

const tableName = { type: "string", pattern: "^[A-Za-z0-9_.-]{3,255}$" } as const;
const attributeName = { type: "string", minLength: 1, maxLength: 255 } as const;

const expectations = {
  type: "object",
  properties: {
    max_ping_ms: dataExpectations.max_ping_ms,
    anonymous_access: { type: "boolean", description: "Whether the service carries out requests that are not signed." },
    max_clock_offset_ms: { type: "number", exclusiveMinimum: 0, maximum: 86_400_000, description: "The service's clock differs by no more." },
    min_items: { type: "integer", minimum: 0, description: "The table has at least this number of items, by the service's count of the last six hours." },
    value: expectedValue("The first value of the first row."),
    rows: expectedValue("All rows, as a list of lists."),
    row_count: expectedValue("The number of rows that were read."),
    max_query_ms: { type: "number", exclusiveMinimum: 0, maximum: 600_000, description: "Reading takes no longer." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "data.dynamodb 1.0.0 input",
  type: "object",
  properties: {
    ...dataInput(["implicit", "none"]),
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 443, description: "The port to connect to." },
    region: { type: "string", pattern: "^[a-z0-9-]{1,64}$", default: "us-east-1", description: "The region that requests are signed for." },
    auth: {
      type: "object",
      description: "Signs each request (AWS Signature Version 4). The secret key is never sent.",
      properties: {
        access_key_id: { ...dataUsername, description: "The id of the access key." },
        secret_access_key: { ...secretSchema, description: "The secret key." },
        session_token: { ...secretSchema, description: "The token of temporary credentials." },
      },
      required: ["access_key_id", "secret_access_key"],
      additionalProperties: false,
    },
    table: { ...tableName, description: "The table to describe, and to read from." },
    read: {
      type: "object",
      description: "Reads items of the table by their key. Nothing is read without it.",
      properties: {
        key: {
          type: "object",
          minProperties: 1,
          maxProperties: 2,
          propertyNames: attributeName,
          additionalProperties: { anyOf: [{ type: "string", minLength: 1, maxLength: 2048 }, { type: "number" }] },
          description: "The partition key and its value, and the sort key's too for a single item.",
        },
        attributes: {
          type: "array",
          minItems: 1,
          maxItems: 32,
          items: { type: "string", minLength: 1, maxLength: 512, pattern: "^[^.]+(\\.[^.]+)*$" },
          description: "The values of a row; the key's attributes by default. A dot leads into a map or, with a number, into a list.",
        },
        index: { ...tableName, description: "A secondary index to read instead of the table." },
        consistent: { type: "boolean", default: false, description: "Read what was written last, for twice the capacity. Global secondary indexes cannot." },
        descending: { type: "boolean", default: false, description: "The greatest sort key first." },
        max_rows: { type: "integer", minimum: 1, maximum: 1000, default: 100, description: "No more items than this are read." },
      },
      required: ["key"],
      additionalProperties: false,
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const part = (what: string) => record({ name: { type: "string", description: what }, status: { type: "string", description: "As ACTIVE." } });

const output = contract({
  title: "data.dynamodb 1.0.0 output",
  ...outputOf(
    {
      ...dataOutput,
      server_version: { type: "null", description: "DynamoDB names no version." },
      region: { type: "string" },
      anonymous_access: nullable({ type: "boolean" }, "The service carries out requests that are not signed; null if they were signed."),
      table: nullable(
        record({
          name: { type: "string" },
          status: { type: "string", description: "As ACTIVE, UPDATING or CREATING." },
          item_count: nullable({ type: "integer" }, "The service counts about every six hours."),
          size_bytes: nullable({ type: "integer" }, "Counted as often."),
          billing_mode: nullable({ type: "string" }, "PROVISIONED or PAY_PER_REQUEST."),
          indexes: list(part("The index."), "The global secondary indexes."),
          replicas: list(part("The region."), "The other regions of a global table."),
        }),
        "The table of the input; null if there was none, or the user may not describe it.",
      ),
      server_time: nullable({ type: "string" }, "The service's clock, in UTC; to the second."),
      clock_offset_ms: nullable({ type: "number" }, "How far it is ahead of this machine's clock; 0 if they differ by less than a second."),
      ping_ms: nullable({ type: "number" }, "From asking for the name of one table to the answer."),
      query_ms: nullable({ type: "number" }, "How long reading took, without connecting; null if nothing was read."),
      consumed_capacity: nullable({ type: "number" }, "The read capacity units that reading took."),
      truncated: { type: "boolean", description: "There are more items than max_rows, or a value was cut after 4096 characters." },
      ...dataRows,
      server_error: nullable(
        record({ code: { type: "string", description: "As ResourceNotFoundException." }, message: { type: "string" } }),
        "What the service said of the last request that it refused.",
      ),
      findings: list(findingSchema),
    },
    [...new Set([...DATA_PHASES, ...HTTP_PHASES])],
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
