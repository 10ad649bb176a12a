import { record } from "./shape.js";
import { TLS_VERSIONS } from "./tls.js";

/** What a caller may want of a service that speaks in lines, whichever it is: each probe takes what fits it. */
export const serviceExpectations = {
  banner: { type: "string", minLength: 1, maxLength: 512, description: "A text that the greeting contains." },
  starttls: { type: "boolean", description: "STARTTLS is offered, or is not." },
  auth_mechanisms: {
    type: "array",
    maxItems: 32,
    items: { type: "string", pattern: "^[A-Za-z0-9_-]+$", maxLength: 32 },
    description: "Mechanisms that AUTH offers.",
  },
  max_response_time_ms: { type: "number", exclusiveMinimum: 0, maximum: 600_000, description: "NOOP is answered within this time." },
  max_duration_ms: { type: "number", exclusiveMinimum: 0, maximum: 3_600_000, description: "The whole run takes no longer." },
  min_tls_version: { enum: TLS_VERSIONS, description: "TLS is spoken, in this version or a newer one." },
  min_certificate_days: { type: "integer", minimum: 0, maximum: 3650, description: "The certificate is valid for so many days yet." },
} as const;

/**
 * How a service's connection is secured. starttls_if_offered lies between opportunistic and starttls: a server that offers no TLS is
 * accepted, one whose STARTTLS is refused or breaks is not.
 */
export const TLS_MODES = ["none", "opportunistic", "starttls_if_offered", "starttls", "implicit"] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** What can become of an upgrade to TLS. injected: plain text came behind the server's go-ahead. */
export const STARTTLS_OUTCOMES = [
  "not_tried",
  "not_offered",
  "unanswered",
  "refused_temporarily",
  "refused",
  "injected",
  "handshake_failed",
  "handshake_timeout",
  "secured",
] as const;
export type StarttlsOutcome = (typeof STARTTLS_OUTCOMES)[number];

/** Something a server does against the standard that did not end the conversation. */
export function anomalyOf<const Kinds extends readonly string[]>(kinds: Kinds) {
  return record({ kind: { enum: kinds }, detail: { type: "string" } });
}

/** What any of these services can do wrong. */
export const COMMON_ANOMALIES = [
  "bare_line_feed",
  "bare_carriage_return",
  "not_utf8",
  "capabilities_only_in_clear",
  "starttls_inside_tls",
  "reduced_client_hello",
] as const;
