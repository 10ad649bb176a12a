import type { FromSchema } from "json-schema-to-ts";
import { orReference } from "./secret.js";

export const DELIVERY_PRIORITIES = ["HIGH", "NORMAL", "LOW"] as const;
export type DeliveryPriority = (typeof DELIVERY_PRIORITIES)[number];

const DSN_NOTIFY = ["success", "failure", "delay"] as const;

const dsnInput = {
  type: "object",
  description: "Delivery status notifications to request (RFC 3461). Not sent to a server that does not offer DSN.",
  properties: {
    notify: {
      anyOf: [{ enum: ["never"] }, { type: "array", minItems: 1, maxItems: 3, uniqueItems: true, items: { enum: DSN_NOTIFY } }],
      description: "never, or the events to report: success, failure, delay.",
    },
    return: { enum: ["full", "headers"], description: "How much of the message a report should contain." },
    envelope_id: {
      type: "string",
      minLength: 1,
      maxLength: 100,
      pattern: "^[\\u0021-\\u002a\\u002c-\\u003c\\u003e-\\u007e]+$",
      description: "An identifier returned in each report: visible ASCII without + and =.",
    },
  },
  additionalProperties: false,
} as const;

const address = { type: "string", minLength: 2, maxLength: 1024 } as const;

/** The envelope of a delivery. */
export const envelopeInput = {
  mail_from: orReference(
    { type: "string", minLength: 2, maxLength: 320, format: "one-line" },
    "The envelope sender, which receives bounces; <> for the null sender.",
  ),
  recipients: {
    type: "array",
    minItems: 1,
    maxItems: 1000,
    items: address,
    description: "The envelope recipients. An invalid address is reported in the result of that recipient.",
  },
} as const;

const author = { type: "string", minLength: 3, maxLength: 320, format: "one-line" } as const;

/** A message that is composed here. */
export const messageFields = {
  type: "object",
  description: "Fields to compose the message from.",
  properties: {
    from: { ...author, description: "The author's address; the envelope sender by default." },
    to: { type: "array", maxItems: 100, items: author, description: "The addresses in To; the envelope recipients by default." },
    cc: { type: "array", maxItems: 100, items: author, default: [], description: "The addresses in Cc." },
    reply_to: { ...author, description: "Where replies go (Reply-To)." },
    subject: { type: "string", maxLength: 998, format: "one-line", default: "", description: "The subject." },
    text: { type: "string", maxLength: 4 * 1024 * 1024, default: "", description: "The plain-text body." },
    html: { type: "string", maxLength: 4 * 1024 * 1024, description: "The HTML body." },
    headers: {
      type: "array",
      maxItems: 50,
      items: {
        type: "object",
        properties: {
          name: { type: "string", minLength: 1, maxLength: 76, format: "one-line", description: "The field's name." },
          value: { type: "string", maxLength: 900, format: "one-line", description: "Its value." },
        },
        required: ["name", "value"],
        additionalProperties: false,
      },
      default: [],
      description: "Further header fields.",
    },
  },
  additionalProperties: false,
} as const;

/** Options of a single message. */
export const messageOptions = {
  priority: { enum: DELIVERY_PRIORITIES, default: "NORMAL", description: "Which messages go first when several wait for the same site." },
  dsn: dsnInput,
  requiretls: { type: "boolean", default: false, description: "Send only over TLS, and only to hosts that offer REQUIRETLS (RFC 8689)." },
} as const;

/** As a caller writes it. */
export type GivenMessage = FromSchema<typeof messageFields, { keepDefaultedPropertiesOptional: true }>;

const messageOptionsRecord = { type: "object", properties: messageOptions, additionalProperties: false } as const;
export type MessageOptions = FromSchema<typeof messageOptionsRecord>;
