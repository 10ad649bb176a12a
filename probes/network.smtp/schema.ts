import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { orReference } from "../../schemas/secret.js";
import { STARTTLS_OUTCOMES, serviceExpectations, TLS_MODES } from "../../schemas/service.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { AUTH_MECHANISMS, anomalySchema, authInput, capabilitySchema, sizeSchema } from "../../schemas/smtp.js";
import { tlsClientInput, tlsFactsSchema, tlsInput } from "../../schemas/tls.js";

/** Each field that is given is checked; none has a default. */
const expectations = {
  type: "object",
  properties: {
    banner: serviceExpectations.banner,
    starttls: serviceExpectations.starttls,
    capabilities: {
      type: "array",
      maxItems: 64,
      items: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9-]*$", maxLength: 64 },
      description: "EHLO keywords that must be offered.",
    },
    auth_mechanisms: serviceExpectations.auth_mechanisms,
    min_size_bytes: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "Messages of this size are accepted." },
    max_response_time_ms: serviceExpectations.max_response_time_ms,
    max_duration_ms: serviceExpectations.max_duration_ms,
    min_tls_version: serviceExpectations.min_tls_version,
    min_certificate_days: serviceExpectations.min_certificate_days,
  },
  additionalProperties: false,
} as const;

export const mailbox = { type: "string", minLength: 3, maxLength: 320, format: "one-line" } as const;

const input = contract({
  title: "network.smtp 2.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 25, description: "The port to connect to." },
    tls: {
      type: "object",
      description: "How the connection is secured.",
      properties: {
        mode: {
          enum: TLS_MODES,
          description:
            "opportunistic uses STARTTLS if it is offered and falls back to plain text if it is refused or breaks; starttls_if_offered fails there; starttls also fails if it is not offered. Without a mode: implicit on port 465, opportunistic on others.",
        },
        ...tlsInput,
        ...tlsClientInput,
      },
      additionalProperties: false,
      default: {},
    },
    helo_domain: { type: "string", format: "host", description: "The name to send in EHLO; this machine's host name by default." },
    auth: { ...authInput, description: "Logs in, and reports whether the server accepted it." },
    send_message: {
      type: "object",
      description: "Submits one short test message. Without this field nothing is sent.",
      properties: {
        mail_from: orReference(mailbox, "The sender's address, or a reference to it."),
        rcpt_to: orReference(mailbox, "The recipient's address, or a reference to it."),
        subject: { type: "string", maxLength: 256, format: "one-line", default: "Test Email", description: "The message's subject." },
        text: { type: "string", maxLength: 65_536, default: "This is a test message. It may be deleted.", description: "The message's text." },
      },
      required: ["mail_from", "rcpt_to"],
      additionalProperties: false,
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
    ...networkInput,
  },
  required: ["target_host"],
  additionalProperties: false,
});

const output = contract({
  title: "network.smtp 2.0.0 output",
  ...outputOf({
    target_host: { type: "string" },
    target_port: { type: "integer" },
    ...networkOutput,
    banner: nullable({ type: "string" }, "The greeting's text, its lines joined by line feeds."),
    helo_domain: nullable({ type: "string" }, "The name sent in EHLO."),
    protocol: nullable({ enum: ["ESMTP", "SMTP"] }, "SMTP: the server does not support EHLO."),
    capabilities: nullable(list(capabilitySchema), "Capabilities from the last EHLO; null if there was none."),
    capabilities_before_tls: nullable(list(capabilitySchema), "Capabilities that EHLO offered in plain text before STARTTLS."),
    size: sizeSchema,
    starttls: {
      enum: STARTTLS_OUTCOMES,
      description: "The result of STARTTLS. injected: plain text followed the server's go-ahead.",
    },
    tls: nullable(tlsFactsSchema, "The TLS session; null if there was none."),
    auth: nullable(
      record({
        mechanism: nullable({ enum: AUTH_MECHANISMS }, "The mechanism that was used; null when none was suitable."),
        accepted: { type: "boolean" },
      }),
      "Null when no login was requested, or it was not reached.",
    ),
    sent_message: nullable(
      record({
        mail_from: { type: "string" },
        rcpt_to: { type: "string" },
        message_id: { type: "string" },
        accepted: { type: "boolean", description: "The server accepted the message." },
        delivery: { enum: ["accepted", "refused", "unknown"], description: "unknown: the connection was lost before the reply to the message." },
      }),
      "Null when no message was requested, or sending was not reached.",
    ),
    response_time_ms: nullable({ type: "number" }, "Time from sending NOOP to its reply, in milliseconds."),
    anomalies: list(anomalySchema, "Violations of the standard that did not end the conversation."),
    findings: list(findingSchema, "Warnings and errors: why the status is not ok."),
  }),
});

export const newest = { version: "2.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
