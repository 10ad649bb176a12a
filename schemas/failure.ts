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

const SSH = ["resolve", "connect", "greeting", "key_exchange", "probe"] as const;

const DNS = ["resolve", "connect", "tls", "query", "probe"] as const;

const DOCUMENT = ["unpack", "parse", "probe"] as const;

const DATA = ["resolve", "connect", "starttls", "tls", "greeting", "auth", "command", "query", "probe"] as const;

const BANDWIDTH = ["resolve", "connect", "tls", "request", "first_byte", "headers", "body", "auth", "transfer", "probe"] as const;

const NTP = ["resolve", "connect", "tls", "auth", "query", "probe"] as const;

const FTP = ["resolve", "connect", "greeting", "starttls", "tls", "auth", "noop", "quit", "command", "transfer", "probe"] as const;
const BROWSER = ["resolve", "connect", "tls", "navigate", "step", "probe"] as const;

/** Failure codes. `unknown` is a bug in probe-run: no golden file may contain it. */
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

export type Phase =
  | (typeof SERVICE_PHASES)[number]
  | (typeof HTTP)[number]
  | (typeof CONVERSATION)[number]
  | (typeof SSH)[number]
  | (typeof DNS)[number]
  | (typeof BANDWIDTH)[number]
  | (typeof FTP)[number]
  | (typeof DOCUMENT)[number]
  | (typeof BROWSER)[number];

/** Phases of a mail service probe. They are part of released contracts: a new value would break consumers. */
export const PHASES: readonly Phase[] = SERVICE_PHASES;
/** The same for HTTP. A contract lists the phases of its own protocol. */
export const HTTP_PHASES: readonly Phase[] = HTTP;
/** Phases of a conversation written by the caller. */
export const CONVERSATION_PHASES: readonly Phase[] = CONVERSATION;
/** Phases of SSH up to the server's key. */
export const SSH_PHASES: readonly Phase[] = SSH;
/** Phases of a question to a name server. */
export const DNS_PHASES: readonly Phase[] = DNS;
/** Phases of a session with a database. */
export const DATA_PHASES: readonly Phase[] = DATA;
/** Phases of a measurement of bandwidth. */
export const BANDWIDTH_PHASES: readonly Phase[] = BANDWIDTH;
/** Phases of a question for the time; `auth` is the establishment of keys. */
export const NTP_PHASES: readonly Phase[] = NTP;
/** Phases of a session with a file server; `transfer` is everything about a data connection. */
export const FTP_PHASES: readonly Phase[] = FTP;
/** Phases of reading a document, without a network. */
export const DOCUMENT_PHASES: readonly Phase[] = DOCUMENT;
/** Phases of a journey through pages in a browser. */
export const BROWSER_PHASES: readonly Phase[] = BROWSER;
export const ALL_PHASES: readonly Phase[] = [
  ...new Set([
    ...PHASES,
    ...HTTP_PHASES,
    ...CONVERSATION_PHASES,
    ...SSH_PHASES,
    ...DNS_PHASES,
    ...BANDWIDTH_PHASES,
    ...FTP_PHASES,
    ...DOCUMENT_PHASES,
    ...BROWSER_PHASES,
  ]),
];
export type FailureCode = (typeof CODES)[number];

function failureRecord(phases: readonly Phase[]) {
  return record({
    phase: { enum: phases, description: "The phase in which it failed." },
    code: { enum: CODES, description: "The failure code." },
    message: { type: "string", description: "A readable explanation, with the server's reply if there was one." },
    reply_code: nullable({ type: "integer" }, "The reply code that caused the failure."),
    enhanced_code: nullable({ type: "string" }, "The enhanced status code (RFC 3463) of that reply."),
    retryable: { type: "boolean", description: "True if the same run may succeed later." },
  });
}
const anyFailure = failureRecord(ALL_PHASES);
export type Failure = FromSchema<typeof anyFailure>;

/** A failure in one of these phases, or null. */
export function failureIn(phases: readonly Phase[]) {
  return nullable(failureRecord(phases), "What failed and in which phase; null if nothing did.");
}
export const failureSchema = failureIn(PHASES);

/** Temporary failures. For reply_rejected it depends on the reply code. */
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
