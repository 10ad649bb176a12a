import type { FromSchema } from "json-schema-to-ts";
import { nullable, record } from "./shape.js";

const SERVICE_PHASES = [
  "resolve",
  "connect",
  "greeting",
  "starttls",
  "tls",
  "ehlo",
  "auth",
  "mail",
  "rcpt",
  "data",
  "noop",
  "rset",
  "quit",
  "command",
  "probe",
] as const;

const HTTP = ["resolve", "connect", "tls", "request", "first_byte", "headers", "body", "redirect", "websocket", "probe"] as const;

const CONVERSATION = ["resolve", "connect", "greeting", "starttls", "tls", "send", "expect", "probe"] as const;

/** How it broke. `unknown` is a bug of ours: no golden may hold it. */
export const CODES = [
  "dns_not_found",
  "dns_failure",
  "refused",
  "unreachable",
  "reset",
  "closed",
  "timeout",
  "cancelled",
  "tls_certificate",
  "tls_protocol",
  "reply_rejected",
  "protocol_violation",
  "limit_exceeded",
  "not_permitted",
  "unsupported",
  "unknown",
] as const;

export type Phase = (typeof SERVICE_PHASES)[number] | (typeof HTTP)[number] | (typeof CONVERSATION)[number];

/** What a probe of a mail service was doing when it broke. Released contracts promise these values: a new one would break their consumers. */
export const PHASES: readonly Phase[] = SERVICE_PHASES;
/** The same for HTTP. A contract lists the phases of its own protocol. */
export const HTTP_PHASES: readonly Phase[] = HTTP;
/** The same for a conversation that its caller wrote. */
const CONVERSATION_PHASES: readonly Phase[] = CONVERSATION;
export const ALL_PHASES: readonly Phase[] = [...new Set([...PHASES, ...HTTP_PHASES, ...CONVERSATION_PHASES])];
export type FailureCode = (typeof CODES)[number];

function failureRecord(phases: readonly Phase[]) {
  return record({
    phase: { enum: phases, description: "What the probe was doing." },
    code: { enum: CODES, description: "What went wrong." },
    message: { type: "string", description: "The same for a person, with the server's own words where it said any." },
    reply_code: nullable({ type: "integer" }, "The reply code that decided it."),
    enhanced_code: nullable({ type: "string" }, "The enhanced status code (RFC 3463) of that reply."),
    retryable: { type: "boolean", description: "True when the same run may succeed later." },
  });
}
export type Failure = FromSchema<ReturnType<typeof failureRecord>>;

/** A failure in one of these phases, or null. */
export function failureIn(phases: readonly Phase[]) {
  return nullable(failureRecord(phases), "What broke, and what the probe was doing then; null when nothing did.");
}
export const failureSchema = failureIn(PHASES);

/** Codes that a later attempt may not meet again. A reply_rejected depends on its reply code. */
const RETRYABLE: Readonly<Record<FailureCode, boolean>> = {
  dns_not_found: false,
  dns_failure: true,
  refused: true,
  unreachable: true,
  reset: true,
  closed: true,
  timeout: true,
  cancelled: true,
  tls_certificate: false,
  tls_protocol: false,
  reply_rejected: false,
  protocol_violation: false,
  limit_exceeded: false,
  not_permitted: false,
  unsupported: false,
  unknown: false,
};

export function failure(phase: Phase, code: FailureCode, message: string): Failure {
  return { phase, code, message, reply_code: null, enhanced_code: null, retryable: RETRYABLE[code] };
}
