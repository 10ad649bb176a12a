import type { FromSchema } from "json-schema-to-ts";
import { attemptRecord } from "./delivery-attempt.js";
import { DELIVERY_CLASSES, DELIVERY_OUTCOMES, NEXT_STEPS, SAID_BY } from "./delivery-outcome.js";
import { DELIVERY_MODES, DELIVERY_WAYS, WAY_REASONS } from "./delivery-route.js";
import { dkimResultSchema } from "./dkim.js";
import { failureSchema, PHASES } from "./failure.js";
import { list, nullable, record } from "./shape.js";

/** The outcome of a delivery for one recipient. */
const recipientRecord = record({
  address: { type: "string", description: "The address as given in the input." },
  domain: nullable({ type: "string" }, "The domain of the address, in A-labels."),
  site: nullable({ type: "string" }, "The mail site of the domain; null if it was not looked up or does not exist."),
  outcome: {
    enum: DELIVERY_OUTCOMES,
    description:
      "delivered: a server accepted it. queued: a temporary failure, which the queue retries. bounced: rejected permanently, or for too long. failed: any other failure. unknown: the connection was lost after the final dot of DATA; sending it again may deliver it twice.",
  },
  class: nullable({ enum: DELIVERY_CLASSES }, "Why it was not delivered; null if it was."),
  way: nullable({ enum: DELIVERY_WAYS }, "The route of the deciding attempt; null if there was none."),
  way_reason: nullable({ enum: WAY_REASONS }, "Why this route was chosen."),
  way_explanation: nullable({ type: "string" }, "A readable explanation."),
  code: nullable({ type: "integer" }, "The reply code that decided the outcome."),
  enhanced_code: nullable({ type: "string" }, "The enhanced status code (RFC 3463) of that reply."),
  message: nullable({ type: "string" }, "The text of that reply, or the failure."),
  matched: nullable({ type: "string" }, "The row of the reply table that classified the reply."),
  decided_at: nullable({ enum: PHASES }, "The phase in which the outcome was decided."),
  said_by: nullable({ enum: SAID_BY }, "The source of the deciding answer."),
  host: nullable({ type: "string" }, "The host that gave the deciding answer."),
  ip_address: nullable({ type: "string" }),
  failure: failureSchema,
  tries: { type: "integer", description: "Number of attempts, including those of earlier runs of the same job." },
  attempts: list({ type: "integer" }, "The attempts of this run for this recipient, as indexes into the list of attempts."),
  next: { enum: NEXT_STEPS, description: "The recommended or scheduled next step." },
  next_try_at: nullable({ type: "string" }, "When it will be, or may be, tried again; in UTC."),
  gives_up_at: nullable({ type: "string" }, "When retries end; in UTC. Null if there are none."),
});
export type DeliveryRecipient = FromSchema<typeof recipientRecord>;

/** Changes of a given message before it is signed and sent, and what could not be changed. */
const messageChange = record({
  code: {
    enum: ["bcc_removed", "date_added", "message_id_added", "lines_encoded", "lines_too_long"],
    description: "A stable code. lines_too_long: a line could not be encoded and servers may break it.",
  },
  message: { type: "string", description: "A readable explanation." },
});
export type MessageChange = FromSchema<typeof messageChange>;

/** The result of a delivery. */
export const deliveryOutput = {
  message_id: nullable({ type: "string" }, "The Message-ID of the header."),
  size_bytes: { type: "integer", description: "Size of the message as sent, including signatures, as counted by SIZE." },
  helo_domain: nullable({ type: "string" }, "The name used in EHLO; null if no session was opened."),
  mode: { enum: DELIVERY_MODES },
  recipients: list(recipientRecord, "One record per recipient, in the order of the input."),
  attempts: list(attemptRecord, "Every host that was tried, in order of time."),
  changes: list(messageChange, "Changes made to the message before sending."),
  dkim: dkimResultSchema,
} as const;

const deliveryReport = record(deliveryOutput);
export type DeliveryReport = FromSchema<typeof deliveryReport>;
