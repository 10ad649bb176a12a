/** The closed lists of mailbox checks: verdicts, reasons and phases. */

/** The server's answer to RCPT. A rejection of any other command concerns the client, and leaves this unknown. */
export const RCPT_CATEGORIES = ["accept", "hard_fail", "temp_fail", "unknown"] as const;
export type RcptCategory = (typeof RCPT_CATEGORIES)[number];

/** The reason. The first group concerns the mailbox or its domain, the second the client or the server, the third is the absence of an answer. */
export const RCPT_REASONS = [
  "mailbox_exists",
  "mailbox_unverified",
  "mailbox_unknown",
  "mailbox_full",
  "mailbox_disabled",
  "mailbox_moved",
  "mailbox_busy",
  "domain_takes_no_mail",
  "domain_unknown",
  "greylisted",
  "rate_limited",
  "sender_refused",
  "client_blocked",
  "policy",
  "relay_denied",
  "tls_required",
  "tls_failed",
  "server_busy",
  "server_fault",
  "refused",
  "deferred",
  "no_mail_host",
  "no_answer",
  "connection_failed",
  "connection_lost",
  "dns_failure",
  "protocol_error",
  "address_malformed",
  "address_unsupported",
  "outbound_blocked",
  "not_permitted",
  "run_ended",
] as const;
export type RcptReason = (typeof RCPT_REASONS)[number];

/** Reasons that concern the mailbox. They count only as an answer to RCPT, never to an earlier command. */
export const MAILBOX_REASONS: ReadonlySet<RcptReason> = new Set([
  "mailbox_exists",
  "mailbox_unverified",
  "mailbox_unknown",
  "mailbox_full",
  "mailbox_disabled",
  "mailbox_moved",
  "mailbox_busy",
]);

/** The phase in which the verdict was decided. */
export const DECIDED_AT = ["input", "resolve", "connect", "greeting", "ehlo", "starttls", "tls", "mail", "rcpt"] as const;
export type DecidedAt = (typeof DECIDED_AT)[number];

export const RCPT_VERDICTS = ["valid", "risky", "invalid", "unknown"] as const;
export type RcptVerdict = (typeof RCPT_VERDICTS)[number];

/** The rule that decided a verdict. */
export const RCPT_RULES = [
  "accepted_and_random_refused",
  "accepted_like_any_address",
  "accepted_random_undecided",
  "accepted_random_not_asked",
  "accepted_without_looking",
  "mailbox_unknown",
  "mailbox_disabled",
  "mailbox_full",
  "mailbox_busy",
  "domain_takes_no_mail",
  "domain_unknown",
  "domain_without_mail_host",
  "malformed",
  "refused_for_another_reason",
  "not_now",
  "about_us",
  "not_asked",
] as const;
export type RcptRule = (typeof RCPT_RULES)[number];

export const CATCH_ALL_VERDICTS = ["yes", "no", "unknown"] as const;
export type CatchAllVerdict = (typeof CATCH_ALL_VERDICTS)[number];
