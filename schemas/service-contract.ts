import { findingSchema } from "./finding.js";
import { networkInput, networkOutput } from "./network.js";
import { STARTTLS_OUTCOMES, TLS_MODES } from "./service.js";
import { list, nullable, record } from "./shape.js";
import { AUTH_MECHANISMS, capabilitySchema } from "./smtp.js";
import { tlsClientInput, tlsFactsSchema, tlsInput } from "./tls.js";

const MODES =
  "opportunistic uses STARTTLS if it is offered and falls back to plain text if it is refused or breaks; starttls_if_offered fails there; starttls also fails if it is not offered. Without a mode: opportunistic.";

/** The fields that a new service check has in its input, beside its port, its login and its expectations. */
export const serviceInput = {
  target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
  tls: {
    type: "object",
    description: "How the connection is secured.",
    properties: { mode: { enum: TLS_MODES, description: MODES }, ...tlsInput, ...tlsClientInput },
    additionalProperties: false,
    default: {},
  },
  ...networkInput,
} as const;

const capabilities = list(capabilitySchema);

/** The fields that a new service check has in its output, beside its anomalies. */
export const serviceOutput = {
  target_host: { type: "string" },
  target_port: { type: "integer" },
  ...networkOutput,
  banner: nullable({ type: "string" }, "The greeting's text."),
  capabilities: nullable(capabilities, "The last list of capabilities: from inside TLS, if there is TLS."),
  capabilities_before_tls: nullable(capabilities, "Capabilities that were listed in plain text before STARTTLS."),
  starttls: { enum: STARTTLS_OUTCOMES, description: "The result of STARTTLS. injected: plain text followed the server's go-ahead." },
  tls: nullable(tlsFactsSchema, "The TLS session; null when there was none."),
  auth: nullable(
    record({ mechanism: nullable({ enum: AUTH_MECHANISMS }, "The mechanism that was tried; null when none was suitable."), accepted: { type: "boolean" } }),
    "Null when no login was requested, or it was not reached.",
  ),
  response_time_ms: nullable({ type: "number" }, "Time from sending NOOP to its reply, in milliseconds."),
  findings: list(findingSchema, "Warnings and errors: why the status is not ok."),
} as const;
