import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { POP3_METHODS, pop3AnomalySchema, pop3AuthInput } from "../../schemas/pop3.js";
import { STARTTLS_OUTCOMES, serviceExpectations, TLS_MODES } from "../../schemas/service.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { capabilitySchema } from "../../schemas/smtp.js";
import { tlsClientInput, tlsFactsSchema, tlsInput } from "../../schemas/tls.js";

/** Each field that is given is checked; none has a default. */
const expectations = {
  type: "object",
  properties: {
    banner: serviceExpectations.banner,
    starttls: { ...serviceExpectations.starttls, description: "STLS is offered, or is not." },
    capabilities: {
      type: "array",
      maxItems: 64,
      items: { type: "string", pattern: "^[!-~]+$", maxLength: 64 },
      description: "Capabilities that must be listed, after the login if there is one.",
    },
    auth_mechanisms: {
      ...serviceExpectations.auth_mechanisms,
      description: "Login mechanisms that must be offered: those of AUTH, USER, and APOP if the greeting has a timestamp.",
    },
    max_response_time_ms: { ...serviceExpectations.max_response_time_ms, description: "Maximum time until NOOP is answered; without a login, until CAPA is." },
    max_duration_ms: serviceExpectations.max_duration_ms,
    min_tls_version: serviceExpectations.min_tls_version,
    min_certificate_days: serviceExpectations.min_certificate_days,
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "network.pop3 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 995, description: "The port to connect to." },
    tls: {
      type: "object",
      description: "How the connection is secured.",
      properties: {
        mode: {
          enum: TLS_MODES,
          description:
            "opportunistic uses STLS if it is offered and falls back to plain text if it is refused or breaks; starttls_if_offered fails there; starttls also fails if it is not offered. Without a mode: implicit on port 995, opportunistic on others.",
        },
        ...tlsInput,
        ...tlsClientInput,
      },
      additionalProperties: false,
      default: {},
    },
    auth: { ...pop3AuthInput, description: "Logs in, and reports whether the server accepted it. USER means the commands USER and PASS." },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
    ...networkInput,
  },
  required: ["target_host"],
  additionalProperties: false,
});

const capabilities = list(capabilitySchema);

const output = contract({
  title: "network.pop3 1.0.0 output",
  ...outputOf({
    target_host: { type: "string" },
    target_port: { type: "integer" },
    ...networkOutput,
    banner: nullable({ type: "string" }, "The greeting's text."),
    offers_apop: { type: "boolean", description: "The greeting has the timestamp that APOP needs." },
    capabilities: nullable(capabilities, "Capabilities from the last CAPA before a login; null if the server does not support it."),
    capabilities_before_tls: nullable(capabilities, "Capabilities that were listed in plain text before STLS."),
    capabilities_after_login: nullable(capabilities, "Capabilities that were listed after the login; null if there was none."),
    starttls: { enum: STARTTLS_OUTCOMES, description: "The result of STLS. injected: plain text followed the server's go-ahead." },
    tls: nullable(tlsFactsSchema, "The TLS session; null if there was none."),
    auth: nullable(
      record({
        mechanism: nullable({ enum: POP3_METHODS }, "The mechanism that was tried; null when none was suitable. USER means the commands USER and PASS."),
        accepted: { type: "boolean" },
      }),
      "Null when no login was requested, or it was not reached.",
    ),
    mailbox: nullable(
      record({ messages: { type: "integer" }, size_bytes: { type: "integer", description: "Total size of all messages, in bytes." } }),
      "The reply to STAT; null without a login.",
    ),
    response_time_ms: nullable(
      { type: "number" },
      "Time from sending NOOP to its reply, in milliseconds; without a login, which NOOP requires, that of the last CAPA.",
    ),
    anomalies: list(pop3AnomalySchema, "Violations of the standard that did not end the conversation."),
    findings: list(findingSchema, "Warnings and errors: why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
