import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { POP3_METHODS, pop3AnomalySchema, pop3AuthInput } from "../../schemas/pop3.js";
import { STARTTLS_OUTCOMES, serviceExpectations, TLS_MODES } from "../../schemas/service.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { capabilitySchema } from "../../schemas/smtp.js";
import { tlsFactsSchema, tlsInput } from "../../schemas/tls.js";

/** What the caller wants to be so. Each field that is given is checked; none is assumed. */
const expectations = {
  type: "object",
  properties: {
    banner: serviceExpectations.banner,
    starttls: { ...serviceExpectations.starttls, description: "STLS is offered, or is not." },
    capabilities: {
      type: "array",
      maxItems: 64,
      items: { type: "string", pattern: "^[!-~]+$", maxLength: 64 },
      description: "Names that CAPA gives, after the login where there is one.",
    },
    auth_mechanisms: {
      ...serviceExpectations.auth_mechanisms,
      description: "Ways to log in that are offered: mechanisms of AUTH, USER, and APOP where the greeting has a timestamp.",
    },
    max_response_time_ms: { ...serviceExpectations.max_response_time_ms, description: "NOOP, or without a login CAPA, is answered within this time." },
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
      },
      additionalProperties: false,
      default: {},
    },
    auth: { ...pop3AuthInput, description: "Logs in, and says whether it worked. USER is the command of that name, with PASS." },
    expect: { ...expectations, description: "What must be so: anything else is an error." },
    prefer: { ...expectations, description: "What should be so: anything else is a warning." },
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
    capabilities: nullable(capabilities, "What the last CAPA before a login named; null where the server does not know it."),
    capabilities_before_tls: nullable(capabilities, "What CAPA named in the clear, where TLS came after it."),
    capabilities_after_login: nullable(capabilities, "What CAPA named after the login; null where there was none."),
    starttls: { enum: STARTTLS_OUTCOMES, description: "What became of STLS. injected: plain text came behind the server's go-ahead." },
    tls: nullable(tlsFactsSchema, "The TLS session; null when there was none."),
    auth: nullable(
      record({
        mechanism: nullable({ enum: POP3_METHODS }, "How it was tried; null when no way fitted. USER is the command of that name, with PASS."),
        accepted: { type: "boolean" },
      }),
      "Null when no login was asked for, or it was not reached.",
    ),
    mailbox: nullable(
      record({ messages: { type: "integer" }, size_bytes: { type: "integer", description: "Of all messages together." } }),
      "What STAT told; null when nobody logged in.",
    ),
    response_time_ms: nullable({ type: "number" }, "From NOOP to its reply; without a login, which NOOP needs, of the last CAPA."),
    anomalies: list(pop3AnomalySchema, "What the server does against the standard."),
    findings: list(findingSchema, "What was judged, and why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
