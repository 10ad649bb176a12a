import { expectedValue } from "../../schemas/assertion.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dataExpectations, dataInput, dataOutput, dataPassword, dataRows, dataUsername } from "../../schemas/data.js";
import { DATA_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { list, nullable, record } from "../../schemas/shape.js";

const ROLES = ["standalone", "primary", "replica", "arbiter", "router"] as const;

const name = { type: "string", minLength: 1, maxLength: 128, pattern: "^[^\\u0000]+$" } as const;
const field = { type: "string", minLength: 1, maxLength: 256, pattern: "^[^\\u0000$.]+(\\.[^\\u0000$.]+)*$" } as const;

const expectations = {
  type: "object",
  properties: {
    ...dataExpectations,
    role: { enum: ROLES, description: "The server's role." },
    set_name: { ...name, description: "The name of the replica set." },
    anonymous_access: { type: "boolean", description: "Whether the server carries out commands without a login." },
    min_healthy_members: { type: "integer", minimum: 0, maximum: 50, description: "At least this number of members of the replica set is healthy." },
    max_replication_lag_s: { type: "number", minimum: 0, maximum: 1_000_000, description: "A replica is behind by no more seconds. It holds for other roles." },
    max_clock_offset_ms: { type: "number", exclusiveMinimum: 0, maximum: 86_400_000, description: "The server's clock differs by no more." },
    value: expectedValue("The first value of the first row."),
    rows: expectedValue("All rows, as a list of lists."),
    row_count: expectedValue("The number of rows that were read."),
    max_query_ms: { type: "number", exclusiveMinimum: 0, maximum: 600_000, description: "Reading takes no longer." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "data.mongodb 1.0.0 input",
  type: "object",
  properties: {
    ...dataInput(["none", "implicit"]),
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 27017, description: "The port to connect to." },
    auth: {
      type: "object",
      description: "Logs in by SCRAM-SHA-256, which never sends the password.",
      properties: {
        username: dataUsername,
        password: dataPassword,
        source: { ...name, default: "admin", description: "The database that knows the user." },
      },
      required: ["username", "password"],
      additionalProperties: false,
    },
    find: {
      type: "object",
      description: "Reads documents. Nothing is read without it.",
      properties: {
        database: { ...name, description: "The database." },
        collection: { ...name, description: "The collection." },
        filter: { type: "object", default: {}, description: "Which documents, in MongoDB's query language without $where, $function and $accumulator." },
        fields: {
          type: "array",
          minItems: 1,
          maxItems: 32,
          items: field,
          default: ["_id"],
          description: "The values of a row. A dot leads into a document.",
        },
        sort: {
          type: "array",
          maxItems: 8,
          default: [],
          items: {
            type: "object",
            properties: {
              field: { ...field, description: "What to sort by." },
              descending: { type: "boolean", default: false, description: "The greatest value first." },
            },
            required: ["field"],
            additionalProperties: false,
          },
          description: "The order of the rows.",
        },
        max_rows: { type: "integer", minimum: 1, maximum: 1000, default: 100, description: "No more documents than this are read." },
      },
      required: ["database", "collection"],
      additionalProperties: false,
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const output = contract({
  title: "data.mongodb 1.0.0 output",
  ...outputOf(
    {
      ...dataOutput,
      anonymous_access: nullable({ type: "boolean" }, "The server carries out commands without a login; null if that is not known."),
      role: nullable({ enum: ROLES }, "standalone is in no replica set, router is mongos; null while the server has no role."),
      set_name: nullable({ type: "string" }, "The name of the replica set."),
      primary: nullable({ type: "string" }, "The primary that the server knows, as host:port; null if it knows none."),
      max_wire_version: nullable({ type: "integer" }, "The newest version of the protocol that the server speaks."),
      read_only: nullable({ type: "boolean" }, "The server takes no writes at all."),
      members: list(
        record({
          name: { type: "string" },
          state: { type: "string", description: "As PRIMARY, SECONDARY or RECOVERING." },
          is_healthy: { type: "boolean" },
          lag_s: nullable({ type: "number" }, "How far it is behind the primary."),
        }),
        "The members of the replica set; empty if the user may not know them.",
      ),
      replication_lag_s: nullable({ type: "number" }, "How far this server is behind the primary; null if it is no replica, or not known."),
      server_time: nullable({ type: "string" }, "The server's clock, in UTC."),
      clock_offset_ms: nullable({ type: "number" }, "How far it is ahead of this machine's clock."),
      ping_ms: nullable({ type: "number" }, "From the ping to its answer."),
      query_ms: nullable({ type: "number" }, "How long reading took; null if nothing was read."),
      truncated: { type: "boolean", description: "There are more documents than max_rows, or a value was cut after 4096 characters." },
      ...dataRows,
      server_error: nullable(
        record({ code: { type: "integer" }, name: { type: "string", description: "As Unauthorized." }, message: { type: "string" } }),
        "What the server said of the last command that it refused.",
      ),
      findings: list(findingSchema),
    },
    DATA_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
