import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { imapAnomalySchema } from "../../schemas/imap.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { STARTTLS_OUTCOMES, serviceExpectations, TLS_MODES } from "../../schemas/service.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { AUTH_MECHANISMS, authInput } from "../../schemas/smtp.js";
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
      items: { type: "string", pattern: "^[!-~]+$", maxLength: 64 },
      description: "Capabilities that must be listed, after the login if there is one.",
    },
    auth_mechanisms: {
      ...serviceExpectations.auth_mechanisms,
      description: "Login mechanisms that must be offered: those of AUTHENTICATE, and LOGIN unless LOGINDISABLED is listed.",
    },
    max_response_time_ms: serviceExpectations.max_response_time_ms,
    max_duration_ms: serviceExpectations.max_duration_ms,
    min_tls_version: serviceExpectations.min_tls_version,
    min_certificate_days: serviceExpectations.min_certificate_days,
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "network.imap 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 993, description: "The port to connect to." },
    tls: {
      type: "object",
      description: "How the connection is secured.",
      properties: {
        mode: {
          enum: TLS_MODES,
          description:
            "opportunistic uses STARTTLS if it is offered and falls back to plain text if it is refused or breaks; starttls_if_offered fails there; starttls also fails if it is not offered. Without a mode: implicit on port 993, opportunistic on others.",
        },
        ...tlsInput,
        ...tlsClientInput,
      },
      additionalProperties: false,
      default: {},
    },
    auth: { ...authInput, description: "Logs in, and reports whether the server accepted it. The mechanism LOGIN is the LOGIN command." },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
    ...networkInput,
  },
  required: ["target_host"],
  additionalProperties: false,
});

const capabilities = list({ type: "string" });

const output = contract({
  title: "network.imap 1.0.0 output",
  ...outputOf({
    target_host: { type: "string" },
    target_port: { type: "integer" },
    ...networkOutput,
    greeting: nullable({ enum: ["ok", "preauth", "bye"] }, "preauth: the session is already authenticated. bye: the server refuses the connection."),
    banner: nullable({ type: "string" }, "The greeting's text."),
    versions: list({ enum: ["IMAP4REV1", "IMAP4REV2"] }, "The protocol versions that the server lists."),
    capabilities: nullable(capabilities, "Capabilities from the last CAPABILITY before a login, in upper case; null if there was none."),
    capabilities_before_tls: nullable(capabilities, "Capabilities that were listed in plain text before STARTTLS."),
    capabilities_after_login: nullable(capabilities, "Capabilities that were listed after the login; null if there was none."),
    starttls: { enum: STARTTLS_OUTCOMES, description: "The result of STARTTLS. injected: plain text followed the server's go-ahead." },
    tls: nullable(tlsFactsSchema, "The TLS session; null if there was none."),
    auth: nullable(
      record({
        mechanism: nullable({ enum: AUTH_MECHANISMS }, "The mechanism that was tried; null when none was suitable. LOGIN is the LOGIN command."),
        accepted: { type: "boolean" },
      }),
      "Null when no login was requested, or it was not reached.",
    ),
    response_time_ms: nullable({ type: "number" }, "Time from sending NOOP to its reply, in milliseconds."),
    anomalies: list(imapAnomalySchema, "Violations of the standard that did not end the conversation."),
    findings: list(findingSchema, "Warnings and errors: why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
