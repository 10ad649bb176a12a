import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dataExpectations, dataInput, dataOutput, dataPassword, dataUsername, sqlExpectations, sqlOutput, sqlQuery } from "../../schemas/data.js";
import { DATA_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { list, nullable } from "../../schemas/shape.js";

const name = { type: "string", pattern: "^[A-Za-z0-9_.$#-]{1,128}$" } as const;

const expectations = {
  type: "object",
  properties: {
    ...dataExpectations,
    ...sqlExpectations,
    role: { enum: ["primary", "replica"], description: "The database's role; a standby is a replica." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "data.oracle 1.0.0 input",
  type: "object",
  properties: {
    ...dataInput(["none", "implicit"]),
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 1521, description: "The listener's port." },
    service_name: { ...name, description: "The service to ask the listener for." },
    sid: { ...name, description: "The instance to ask for, where a listener knows no services." },
    auth: {
      type: "object",
      description: "Logs in. The password is never sent as it is. It needs the package oracledb.",
      properties: { username: dataUsername, password: dataPassword },
      required: ["username", "password"],
      additionalProperties: false,
    },
    query: sqlQuery(":1, :2 …"),
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const output = contract({
  title: "data.oracle 1.0.0 output",
  ...outputOf(
    {
      ...dataOutput,
      listener: nullable({ type: "string" }, "The listener's name, as LISTENER; null if it does not say."),
      service_accepted: nullable({ type: "boolean" }, "The listener hands sessions to the service or instance; null if none was asked for."),
      redirected_to: nullable({ type: "string" }, "Where the listener sends its clients instead; it is not followed."),
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
