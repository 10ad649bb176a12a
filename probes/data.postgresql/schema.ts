import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import {
  dataAllowPlaintext,
  dataExpectations,
  dataInput,
  dataOutput,
  dataPassword,
  dataUsername,
  sqlExpectations,
  sqlOutput,
  sqlQuery,
} from "../../schemas/data.js";
import { DATA_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { list, nullable } from "../../schemas/shape.js";

const METHODS = ["none", "cleartext", "md5", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"] as const;

const expectations = {
  type: "object",
  properties: {
    ...dataExpectations,
    ...sqlExpectations,
    role: { enum: ["primary", "replica"], description: "The server's role." },
    auth_methods: {
      type: "array",
      minItems: 1,
      maxItems: METHODS.length,
      uniqueItems: true,
      items: { enum: METHODS },
      description: "The login is by one of these. none is a login without a password.",
    },
    min_replicas: { type: "integer", minimum: 0, maximum: 1000, description: "At least this number of replicas is connected." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "data.postgresql 1.0.0 input",
  type: "object",
  properties: {
    ...dataInput(["none", "starttls", "implicit"]),
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 5432, description: "The port to connect to." },
    database: {
      type: "string",
      minLength: 1,
      maxLength: 128,
      format: "one-line",
      description: "The database to connect to; by default that of the user's name.",
    },
    auth: {
      type: "object",
      description: "Who logs in. How is the server's choice.",
      properties: {
        username: dataUsername,
        password: dataPassword,
        allow_plaintext: dataAllowPlaintext,
        channel_binding: {
          enum: ["prefer", "require", "disable"],
          default: "prefer",
          description: "Whether the login is bound to the TLS session (SCRAM-SHA-256-PLUS), which reveals a server in the middle.",
        },
      },
      required: ["username"],
      additionalProperties: false,
    },
    query: sqlQuery("$1, $2 and so on"),
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const output = contract({
  title: "data.postgresql 1.0.0 output",
  ...outputOf(
    {
      ...dataOutput,
      auth_requested: nullable({ type: "string" }, "The login that the server wants, as SCRAM-SHA-256; none if it wants no password."),
      database: nullable({ type: "string" }, "The database that was connected to."),
      ...sqlOutput,
      findings: list(findingSchema),
    },
    DATA_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
