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

const ENCRYPTIONS = ["off", "on", "not_supported", "required"] as const;

const expectations = {
  type: "object",
  properties: {
    ...dataExpectations,
    ...sqlExpectations,
    role: { enum: ["primary", "replica"], description: "The role of the database's availability group." },
    encryption: { enum: ENCRYPTIONS, description: "What the server says of encryption before the login." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "data.mssql 1.0.0 input",
  type: "object",
  properties: {
    ...dataInput(["none", "starttls", "implicit"]),
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 1433, description: "The port to connect to." },
    database: { type: "string", minLength: 1, maxLength: 128, format: "one-line", description: "The database to use; the user's own by default." },
    auth: {
      type: "object",
      description: "A login of SQL Server's own. Without it only what the server says before the login is read.",
      properties: { username: dataUsername, password: dataPassword, allow_plaintext: dataAllowPlaintext },
      required: ["username", "password"],
      additionalProperties: false,
    },
    query: sqlQuery("@p1, @p2 …"),
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const output = contract({
  title: "data.mssql 1.0.0 output",
  ...outputOf(
    {
      ...dataOutput,
      encryption: nullable(
        { enum: ENCRYPTIONS },
        "off: only the login would be encrypted. on, required: everything. not_supported: nothing. Null before the server has answered.",
      ),
      edition: nullable({ type: "string" }, "As Standard Edition (64-bit)."),
      database: nullable({ type: "string" }, "The database that is used."),
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
