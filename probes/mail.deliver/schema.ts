import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { deliveryOutput, deliverySettings, deliveryWishes, envelopeInput } from "../../schemas/delivery.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list } from "../../schemas/shape.js";

const seed = { type: "integer", minimum: 0, maximum: 0xffff_ffff } as const;

const MOST_MESSAGE_CHARACTERS = 64 * 1024 * 1024;

/** Not part of the type: whoever reads the input takes all three together. */
const oneOfThree: object = {
  oneOf: [
    { properties: { message: {} }, required: ["message"] },
    { properties: { message_base64: {} }, required: ["message_base64"] },
    { properties: { fields: {} }, required: ["fields"] },
  ],
  examples: [{ mail_from: "ada@example.org", recipients: ["bob@example.net"], fields: { subject: "Hello", text: "Hello, Bob." } }],
};

const fields = {
  type: "object",
  description: "The message, to be composed here.",
  properties: {
    from: { type: "string", maxLength: 1024, format: "one-line", description: "The From field; the envelope's sender by default." },
    to: { type: "string", maxLength: 65_536, format: "one-line", description: "The To field; the recipients by default." },
    subject: { type: "string", maxLength: 998, format: "one-line", default: "", description: "The Subject field." },
    text: { type: "string", maxLength: 16_777_216, default: "", description: "The message's text." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "mail.deliver 1.0.0 input",
  type: "object",
  ...oneOfThree,
  properties: {
    ...envelopeInput,
    message: { type: "string", minLength: 1, maxLength: MOST_MESSAGE_CHARACTERS, description: "The whole message, header and body." },
    message_base64: {
      type: "string",
      minLength: 1,
      maxLength: MOST_MESSAGE_CHARACTERS,
      pattern: "^[A-Za-z0-9+/]+={0,2}$",
      description: "The same in base64, for one that is not text.",
    },
    fields,
    ...deliverySettings,
    ...deliveryWishes,
    address_family: { ...networkInput.address_family, description: "Which addresses of the mail hosts to try." },
    seed: { ...seed, description: "Makes the random order of equal hosts, and the spread of retries, the same every time." },
    ...dnsInput,
    connect_timeout_ms: { ...networkInput.connect_timeout_ms, default: 30_000, description: "For each address that is dialled." },
    command_timeout_ms: {
      ...networkInput.command_timeout_ms,
      default: 300_000,
      description: "For the greeting and for each reply (RFC 5321, section 4.5.3.2).",
    },
    timeout_ms: { ...networkInput.timeout_ms, default: 600_000 },
  },
  required: ["mail_from", "recipients"],
  additionalProperties: false,
});

const output = contract({
  title: "mail.deliver 1.0.0 output",
  ...outputOf({
    ...deliveryOutput,
    seed: { ...seed, description: "What the order of equal hosts was made from." },
    findings: list(findingSchema, "What was judged, and why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
