import { record } from "./shape.js";
import { TLS_VERSIONS } from "./tls.js";

/** Expectations that the service checks share; each probe picks the ones that apply to it. */
export const serviceExpectations = {
  banner: { type: "string", minLength: 1, maxLength: 512, description: "Text that the greeting must contain." },
  starttls: { type: "boolean", description: "Whether STARTTLS must, or must not, be offered." },
  auth_mechanisms: {
    type: "array",
    maxItems: 32,
    items: { type: "string", pattern: "^[A-Za-z0-9_-]+$", maxLength: 32 },
    description: "Login mechanisms that must be offered.",
  },
  max_response_time_ms: { type: "number", exclusiveMinimum: 0, maximum: 600_000, description: "Maximum time until NOOP is answered." },
  max_duration_ms: { type: "number", exclusiveMinimum: 0, maximum: 3_600_000, description: "Maximum duration of the whole run." },
  min_tls_version: { enum: TLS_VERSIONS, description: "Oldest TLS version that is acceptable; plain text is not." },
  min_certificate_days: { type: "integer", minimum: 0, maximum: 3650, description: "Minimum number of days until the certificate expires." },
} as const;

/**
 * How a service's connection is secured. starttls_if_offered lies between opportunistic and starttls: a server that offers no TLS is
 * accepted, but a server that refuses or fails STARTTLS is not.
 */
export const TLS_MODES = ["none", "opportunistic", "starttls_if_offered", "starttls", "implicit"] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** Outcomes of an upgrade to TLS. injected: plain text followed the server's go-ahead. */
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

/** A violation of the standard that did not end the session. */
export function anomalyOf<const Kinds extends readonly string[]>(kinds: Kinds) {
  return record({ kind: { enum: kinds }, detail: { type: "string" } });
}

/** Violations that any of these services can commit. */
export const COMMON_ANOMALIES = [
  "bare_line_feed",
  "bare_carriage_return",
  "not_utf8",
  "capabilities_only_in_clear",
  "starttls_inside_tls",
  "reduced_client_hello",
] as const;
