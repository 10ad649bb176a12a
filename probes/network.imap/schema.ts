import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { imapAnomalySchema } from "../../schemas/imap.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { STARTTLS_OUTCOMES, serviceExpectations, TLS_MODES } from "../../schemas/service.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { AUTH_MECHANISMS, authInput } from "../../schemas/smtp.js";
import { tlsFactsSchema, tlsInput } from "../../schemas/tls.js";

/** What the caller wants to be so. Each field that is given is checked; none is assumed. */
const expectations = {
  type: "object",
  properties: {
    banner: serviceExpectations.banner,
    starttls: serviceExpectations.starttls,
    capabilities: {
      type: "array",
      maxItems: 64,
      items: { type: "string", pattern: "^[!-~]+$", maxLength: 64 },
      description: "Names that CAPABILITY gives, after the login where there is one.",
    },
    auth_mechanisms: {
      ...serviceExpectations.auth_mechanisms,
      description: "Ways to log in that are offered: mechanisms of AUTHENTICATE, and LOGIN where that is not disabled.",
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
      },
      additionalProperties: false,
      default: {},
    },
    auth: { ...authInput, description: "Logs in, and says whether it worked. The mechanism LOGIN is the command of that name." },
    expect: { ...expectations, description: "What must be so: anything else is an error." },
    prefer: { ...expectations, description: "What should be so: anything else is a warning." },
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
    greeting: nullable({ enum: ["ok", "preauth", "bye"] }, "preauth: the server logs in whoever comes. bye: it turns everybody away."),
    banner: nullable({ type: "string" }, "The greeting's text."),
    versions: list({ enum: ["IMAP4REV1", "IMAP4REV2"] }, "The versions of the protocol that the server says it speaks."),
    capabilities: nullable(capabilities, "What the last CAPABILITY before a login named, in upper case; null where there was none."),
    capabilities_before_tls: nullable(capabilities, "What CAPABILITY named in the clear, where TLS came after it."),
    capabilities_after_login: nullable(capabilities, "What CAPABILITY named after the login; null where there was none."),
    starttls: { enum: STARTTLS_OUTCOMES, description: "What became of STARTTLS. injected: plain text came behind the server's go-ahead." },
    tls: nullable(tlsFactsSchema, "The TLS session; null when there was none."),
    auth: nullable(
      record({
        mechanism: nullable({ enum: AUTH_MECHANISMS }, "How it was tried; null when no way fitted. LOGIN is the command of that name."),
        accepted: { type: "boolean" },
      }),
      "Null when no login was asked for, or it was not reached.",
    ),
    response_time_ms: nullable({ type: "number" }, "From NOOP to its reply."),
    anomalies: list(imapAnomalySchema, "What the server does against the standard."),
    findings: list(findingSchema, "What was judged, and why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
