import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { anomalyOf, COMMON_ANOMALIES, serviceExpectations } from "../../schemas/service.js";
import { serviceInput, serviceOutput } from "../../schemas/service-contract.js";
import { list } from "../../schemas/shape.js";
import { authInput } from "../../schemas/smtp.js";

const keywords = { type: "array", maxItems: 64, items: { type: "string", pattern: "^[!-~]+$", maxLength: 64 } } as const;

const expectations = {
  type: "object",
  properties: {
    ...serviceExpectations,
    capabilities: { ...keywords, description: "Capabilities that must be listed." },
    extensions: { ...keywords, description: "Sieve extensions that must be supported, as vacation." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "network.sieve 1.0.0 input",
  type: "object",
  properties: {
    ...serviceInput,
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 4190, description: "The port to connect to." },
    auth: { ...authInput, description: "Logs in, and reports whether the server accepted it." },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const output = contract({
  title: "network.sieve 1.0.0 output",
  ...outputOf({
    ...serviceOutput,
    anomalies: list(anomalyOf([...COMMON_ANOMALIES, "closed_unasked"]), "Violations of the standard that did not end the conversation."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
