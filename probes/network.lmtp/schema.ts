import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { anomalyOf, COMMON_ANOMALIES, serviceExpectations } from "../../schemas/service.js";
import { serviceInput, serviceOutput } from "../../schemas/service-contract.js";
import { list } from "../../schemas/shape.js";

const expectations = {
  type: "object",
  properties: {
    ...serviceExpectations,
    capabilities: { type: "array", maxItems: 64, items: { type: "string", pattern: "^[!-~]+$", maxLength: 64 }, description: "Keywords that LHLO must list." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "network.lmtp 1.0.0 input",
  type: "object",
  properties: {
    ...serviceInput,
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 24, description: "The port to connect to. LMTP has no port of its own; 24 is usual." },
    helo_domain: { type: "string", format: "host", description: "The name in LHLO; the local address by default." },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const output = contract({
  title: "network.lmtp 1.0.0 output",
  ...outputOf({
    ...serviceOutput,
    anomalies: list(anomalyOf([...COMMON_ANOMALIES, "closed_unasked"]), "Violations of the standard that did not end the conversation."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
