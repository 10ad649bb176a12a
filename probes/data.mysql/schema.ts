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
import { list, nullable, record } from "../../schemas/shape.js";

const expectations = {
  type: "object",
  properties: {
    ...dataExpectations,
    ...sqlExpectations,
    role: { enum: ["primary", "replica"], description: "The server's role." },
    auth_methods: {
      type: "array",
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
      items: { type: "string", pattern: "^[A-Za-z0-9_]+$", maxLength: 64 },
      description: "The login is by one of these plugins, as caching_sha2_password.",
    },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "data.mysql 1.0.0 input",
  type: "object",
  properties: {
    ...dataInput(["none", "starttls"]),
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 3306, description: "The port to connect to." },
    database: { type: "string", minLength: 1, maxLength: 128, format: "one-line", description: "The database to use." },
    auth: {
      type: "object",
      description: "Who logs in. By which plugin is the server's choice. Without it only the greeting is read.",
      properties: { username: dataUsername, password: dataPassword, allow_plaintext: dataAllowPlaintext },
      required: ["username"],
      additionalProperties: false,
    },
    query: sqlQuery("the question marks"),
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const output = contract({
  title: "data.mysql 1.0.0 output",
  ...outputOf(
    {
      ...dataOutput,
      server_name: nullable({ type: "string" }, "What the server calls itself, as MariaDB Server."),
      offers_tls: nullable({ type: "boolean" }, "The greeting offers TLS."),
      database: nullable({ type: "string" }, "The database that is used."),
      ...sqlOutput,
      replication: nullable(
        record({
          source_host: nullable({ type: "string" }, "The server that the replica follows."),
          io_running: nullable({ type: "string" }, "Whether it receives changes: Yes, No or Connecting."),
          sql_running: nullable({ type: "string" }, "Whether it applies them: Yes or No."),
          last_error: nullable({ type: "string" }, "Why it does not."),
        }),
        "Of a replica; null on a primary, and if the user may not know.",
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
