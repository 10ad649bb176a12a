import { deliveryNetwork } from "../../runner/delivery/service/options.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { envelopeInput, messageFields, messageOptions } from "../../schemas/delivery-message.js";
import { deliveryOutput } from "../../schemas/delivery-report.js";
import { deliverySettings } from "../../schemas/delivery-settings.js";
import { findingSchema } from "../../schemas/finding.js";
import { list } from "../../schemas/shape.js";

const seed = { type: "integer", minimum: 0, maximum: 0xffff_ffff } as const;

const MAX_MESSAGE_CHARACTERS = 64 * 1024 * 1024;

/** Not part of the type: the code reads all three together. */
const oneOfThree: object = {
  oneOf: [
    { properties: { message: {} }, required: ["message"] },
    { properties: { message_base64: {} }, required: ["message_base64"] },
    { properties: { fields: {} }, required: ["fields"] },
  ],
  examples: [{ mail_from: "ada@example.org", recipients: ["bob@example.net"], fields: { subject: "Hello", text: "Hello, Bob." } }],
};

const input = contract({
  title: "mail.deliver 1.0.0 input",
  type: "object",
  ...oneOfThree,
  properties: {
    ...envelopeInput,
    message: { type: "string", minLength: 1, maxLength: MAX_MESSAGE_CHARACTERS, description: "The complete message, header and body." },
    message_base64: {
      type: "string",
      minLength: 1,
      maxLength: MAX_MESSAGE_CHARACTERS,
      pattern: "^[A-Za-z0-9+/]+={0,2}$",
      description: "The complete message in base64, if it is not UTF-8 text.",
    },
    fields: messageFields,
    ...deliverySettings,
    ...messageOptions,
    ...deliveryNetwork,
    seed: { ...seed, description: "Seed of the order of hosts with equal preference and of the retry jitter; the same seed gives the same result." },
  },
  required: ["mail_from", "recipients"],
  additionalProperties: false,
});

const output = contract({
  title: "mail.deliver 1.0.0 output",
  ...outputOf({
    ...deliveryOutput,
    seed: { ...seed, description: "The seed of the order of hosts with equal preference." },
    findings: list(findingSchema, "Judgements that explain why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
