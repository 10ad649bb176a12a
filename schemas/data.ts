import type { FromSchema } from "json-schema-to-ts";
import { expectedValue } from "./assertion.js";
import { networkInput, networkOutput } from "./network.js";
import { orReference, secretSchema } from "./secret.js";
import { list, nullable, record } from "./shape.js";
import { tlsClientInput, tlsFactsSchema, tlsInput } from "./tls.js";

const MODES = {
  none: "none: plain text.",
  starttls: "starttls: it is asked for in the protocol, and the run fails if that is refused.",
  implicit: "implicit: TLS from the first byte.",
} as const;

/** The fields that a check of a database has in its input; the first mode is the default. They stand beside its port, its questions and its expectations. */
export function dataInput<const Mode extends keyof typeof MODES>(modes: readonly Mode[]) {
  return {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    tls: {
      type: "object",
      description: "How the connection is secured.",
      properties: { mode: { enum: modes, default: modes[0] as Mode, description: modes.map((mode) => MODES[mode]).join(" ") }, ...tlsInput, ...tlsClientInput },
      additionalProperties: false,
      default: {},
    },
    ...networkInput,
  } as const;
}

export const dataUsername = orReference({ type: "string", minLength: 1, maxLength: 256, format: "one-line" }, "The user name.");
export const dataPassword = { ...secretSchema, description: "The password." } as const;
export const dataAllowPlaintext = { type: "boolean", default: false, description: "Send the password even without TLS." } as const;

/** What can be required of every server. */
export const dataExpectations = {
  server_version: expectedValue("The version that the server names."),
  max_ping_ms: { type: "number", exclusiveMinimum: 0, maximum: 600_000, description: "The ping takes no longer." },
} as const;

/** A value of a row: a number that JSON holds exactly, a truth value, or text; bytes that are no text in hexadecimal. */
export const dataValueSchema = { anyOf: [{ type: "string" }, { type: "number" }, { type: "boolean" }, { type: "null" }] } as const;
export type DataValue = FromSchema<typeof dataValueSchema>;
export type DataRow = DataValue[];

export const dataRows = {
  rows: list(list(dataValueSchema), "What was read: a list of values for each row."),
  row_count: { type: "integer", description: "The number of rows in rows." },
} as const;

/** The fields that every check of a database has in its output, before its own. */
export const dataOutput = {
  target_host: { type: "string" },
  target_port: { type: "integer" },
  ...networkOutput,
  tls: nullable(tlsFactsSchema, "The TLS session; null if there was none."),
  auth: nullable(
    record({ method: nullable({ type: "string" }, "How the client logged in; null if it did not get that far."), accepted: { type: "boolean" } }),
    "Null if no login was needed, or it was not reached.",
  ),
  server_version: nullable({ type: "string" }, "The version that the server names."),
} as const;

const parameter = {
  anyOf: [{ type: "string", maxLength: 8192, pattern: "^[^\\u0000]*$" }, { type: "number" }, { type: "boolean" }, { type: "null" }],
} as const;

/** A question in SQL, of the input. */
export function sqlQuery<const Placeholders extends string>(placeholders: Placeholders) {
  return {
    type: "object",
    description: "A statement that reads. It is executed in a read-only transaction, and without this field nothing is.",
    properties: {
      sql: { type: "string", minLength: 1, maxLength: 16_384, pattern: "^[^\\u0000]+$", description: "One statement that gives rows." },
      parameters: { type: "array", maxItems: 64, items: parameter, default: [], description: `The values of ${placeholders}.` },
      max_rows: { type: "integer", minimum: 1, maximum: 1000, default: 100, description: "No more rows than this are read." },
    },
    required: ["sql"],
    additionalProperties: false,
  } as const;
}

export const sqlExpectations = {
  value: expectedValue("The first value of the first row."),
  rows: expectedValue("All rows, as a list of lists."),
  row_count: expectedValue("The number of rows that were read."),
  max_query_ms: { type: "number", exclusiveMinimum: 0, maximum: 600_000, description: "The statement takes no longer." },
  max_connections_percent: { type: "number", exclusiveMinimum: 0, maximum: 100, description: "No more of the allowed connections are in use." },
  max_replication_lag_s: { type: "number", minimum: 0, maximum: 1_000_000, description: "A replica is behind by no more seconds. It holds on a primary." },
  max_clock_offset_ms: { type: "number", exclusiveMinimum: 0, maximum: 86_400_000, description: "The server's clock differs by no more." },
  read_only: { type: "boolean", description: "Whether new transactions are read-only." },
} as const;

/** What is known of a database server that speaks SQL. */
export const sqlOutput = {
  ready_ms: nullable({ type: "number" }, "From the beginning of the run until the server took queries."),
  role: nullable({ enum: ["primary", "replica"] }, "A server that follows no other is a primary; null if it is not known."),
  read_only: nullable({ type: "boolean" }, "New transactions are read-only."),
  replicas: nullable({ type: "integer" }, "Replicas that are connected."),
  replication_lag_s: nullable({ type: "number" }, "How far a replica is behind; null on a primary, and if it is not known."),
  uptime_s: nullable({ type: "integer" }, "Since the server started."),
  connections: nullable(record({ used: nullable({ type: "integer" }), max: nullable({ type: "integer" }, "The limit of the configuration.") })),
  server_time: nullable({ type: "string" }, "The server's clock, in UTC."),
  clock_offset_ms: nullable({ type: "number" }, "How far it is ahead of this machine's clock."),
  ping_ms: nullable({ type: "number" }, "From an empty command to its answer."),
  query: nullable(
    record({
      columns: list(record({ name: { type: "string" }, type: { type: "string", description: "The server's name or number of its type." } })),
      truncated: { type: "boolean", description: "There are more rows than max_rows, or a value was cut after 4096 characters." },
      first_row_ms: nullable({ type: "number" }, "From sending the statement to its first row; null if there was none."),
      last_row_ms: { type: "number", description: "From sending the statement to its end." },
    }),
    "The statement of the input; null if there was none, or it was not executed.",
  ),
  ...dataRows,
  server_error: nullable(
    record({ code: { type: "string", description: "SQLSTATE, or the server's number." }, message: { type: "string" } }),
    "What the server said of the last thing that it refused.",
  ),
} as const;
