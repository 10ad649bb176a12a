import { RELAY_ATTEMPTS } from "../../runner/posture/relay/attempts.js";
import { RELAY_OUTCOMES } from "../../runner/posture/relay/judge.js";
import { outputOf } from "../../schemas/carried.js";
import { checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";

const input = contract({
  title: "mail.relay 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The mail server." },
    target_port: { type: "integer", minimum: 1, maximum: 65_535, default: 25, description: "Its port." },
    own_address: {
      type: "string",
      format: "one-line",
      maxLength: 254,
      examples: ["relay-test@example.net"],
      description: "An address of yours, in a domain that the server does not serve: sender and recipient of every attempt. No message is sent.",
    },
    target_domain: { type: "string", format: "domain", description: "A domain that the server serves: also tried as sender, and in the recipients' forms." },
    helo_domain: { type: "string", format: "one-line", maxLength: 253, description: "The name to give in EHLO; that of this machine by default." },
    ...networkInput,
  },
  required: ["target_host", "own_address"],
  additionalProperties: false,
});

const output = contract({
  title: "mail.relay 1.0.0 output",
  ...outputOf({
    target_host: { type: "string" },
    target_port: { type: "integer" },
    ...networkOutput,
    banner: nullable({ type: "string" }),
    relay_attempts: list(
      record({
        name: { enum: RELAY_ATTEMPTS, description: "How the recipient, or the sender, was written." },
        sender: { type: "string" },
        recipient: { type: "string" },
        outcome: {
          enum: RELAY_OUTCOMES,
          description: "accepted: 2yz to RCPT, so that the server may relay. deferred: 4yz. not_asked: the conversation had ended.",
        },
        reply_code: nullable({ type: "integer" }),
        reply: nullable({ type: "string" }),
      }),
    ),
    checks: list(checkSchema),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
