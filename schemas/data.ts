import type { FromSchema } from "json-schema-to-ts";
import { expectedValue } from "./assertion.js";
import { networkInput, networkOutput } from "./network.js";
import { orReference, secretSchema } from "./secret.js";
import { list, nullable, record } from "./shape.js";
import { tlsFactsSchema, tlsInput } from "./tls.js";

const MODES = {
  none: "none: plain text.",
  starttls: "starttls: it is asked for in the protocol, and the run fails if that is refused.",
  implicit: "implicit: TLS from the first byte.",
} as const;

/** The fields that a check of a database has in its input, beside its port, its questions and its expectations. */
export function dataInput<const Mode extends keyof typeof MODES>(modes: readonly Mode[]) {
  return {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    tls: {
      type: "object",
      description: "How the connection is secured.",
      properties: { mode: { enum: modes, default: "none", description: modes.map((mode) => MODES[mode]).join(" ") }, ...tlsInput },
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
