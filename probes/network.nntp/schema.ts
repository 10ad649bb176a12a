import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { secretSchema } from "../../schemas/secret.js";
import { anomalyOf, COMMON_ANOMALIES, serviceExpectations } from "../../schemas/service.js";
import { serviceInput, serviceOutput } from "../../schemas/service-contract.js";
import { list, nullable } from "../../schemas/shape.js";

const expectations = {
  type: "object",
  properties: {
    ...serviceExpectations,
    capabilities: {
      type: "array",
      maxItems: 64,
      items: { type: "string", pattern: "^[!-~]+$", maxLength: 64 },
      description: "Capabilities that must be listed, as READER.",
    },
    posting: { type: "boolean", description: "Whether the greeting allows posting." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "network.nntp 1.0.0 input",
  type: "object",
  properties: {
    ...serviceInput,
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 119, description: "The port to connect to; 563 has TLS from the first byte." },
    auth: {
      type: "object",
      description: "Logs in by AUTHINFO USER and PASS.",
      properties: {
        username: { type: "string", minLength: 1, maxLength: 256, pattern: "^[^\\s\\u0000-\\u001f\\u007f]+$", description: "The user name." },
        password: { ...secretSchema, description: "The password." },
        allow_plaintext: { type: "boolean", default: false, description: "Send the password even without TLS." },
      },
      required: ["username", "password"],
      additionalProperties: false,
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const output = contract({
  title: "network.nntp 1.0.0 output",
  ...outputOf({
    ...serviceOutput,
    posting: nullable({ type: "boolean" }, "The greeting allows posting (200) or not (201)."),
    anomalies: list(anomalyOf([...COMMON_ANOMALIES, "closed_unasked"]), "Violations of the standard that did not end the conversation."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
