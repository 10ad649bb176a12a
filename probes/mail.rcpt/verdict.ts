import type { CatchAllVerdict, RcptReason, RcptRule, RcptVerdict } from "../../schemas/rcpt.js";
import type { Result } from "./evidence.js";

export interface Verdict {
  readonly verdict: RcptVerdict;
  readonly confidence: number;
  readonly rule: RcptRule;
}

/**
 * The recommendation by the result. `invalid` has one cause: a permanent refusal whose reason is the mailbox or its domain. A refusal that concerns
 * us, is temporary or is not understood is unknown.
 */
export function verdictOf(result: Pick<Result, "category" | "reason" | "decided_at">, catchAll: { verdict: CatchAllVerdict; asked: boolean }): Verdict {
  const { category, reason, decided_at: at } = result;
  if (at === null) return reason === "not_permitted" ? ABOUT : UNASKED;
  if (category === "accept") return accepted(reason, catchAll);
  if (category === "temp_fail") return TEMPORARY[reason] ?? (at === "rcpt" && !ABOUT_US.has(reason) ? NOT_NOW : unknownFor(reason));
  // Name servers can say that of a domain; a mail host says it of itself only (RFC 7504).
  if (reason === "no_mail_host" && at !== "resolve") return OTHER;
  if (category === "hard_fail") return PERMANENT[reason] ?? (ABOUT_US.has(reason) ? ABOUT : OTHER);
  if (reason === "run_ended") return UNASKED;
  return reason === "address_malformed" ? MALFORMED : unknownFor(reason);
}

function accepted(reason: RcptReason, { verdict, asked }: { verdict: CatchAllVerdict; asked: boolean }): Verdict {
  if (reason === "mailbox_unverified") return { verdict: "risky", confidence: 0.5, rule: "accepted_without_looking" };
  if (verdict === "no") return { verdict: "valid", confidence: 0.95, rule: "accepted_and_random_refused" };
  if (verdict === "yes") return { verdict: "risky", confidence: 0.9, rule: "accepted_like_any_address" };
  return { verdict: "risky", confidence: 0.5, rule: asked ? "accepted_random_undecided" : "accepted_random_not_asked" };
}

const UNASKED: Verdict = { verdict: "unknown", confidence: 0, rule: "not_asked" };
const NOT_NOW: Verdict = { verdict: "unknown", confidence: 0, rule: "not_now" };
const ABOUT: Verdict = { verdict: "unknown", confidence: 0, rule: "about_us" };
const OTHER: Verdict = { verdict: "unknown", confidence: 0, rule: "refused_for_another_reason" };
const MALFORMED: Verdict = { verdict: "invalid", confidence: 0.99, rule: "malformed" };

const PERMANENT: Partial<Readonly<Record<RcptReason, Verdict>>> = {
  mailbox_unknown: { verdict: "invalid", confidence: 0.95, rule: "mailbox_unknown" },
  mailbox_disabled: { verdict: "invalid", confidence: 0.9, rule: "mailbox_disabled" },
  mailbox_full: { verdict: "risky", confidence: 0.8, rule: "mailbox_full" },
  mailbox_busy: { verdict: "risky", confidence: 0.8, rule: "mailbox_busy" },
  domain_takes_no_mail: { verdict: "invalid", confidence: 0.99, rule: "domain_takes_no_mail" },
  domain_unknown: { verdict: "invalid", confidence: 0.95, rule: "domain_unknown" },
  no_mail_host: { verdict: "invalid", confidence: 0.9, rule: "domain_without_mail_host" },
};

/** There is a mailbox, and it does not take a mail just now. */
const TEMPORARY: Partial<Readonly<Record<RcptReason, Verdict>>> = {
  mailbox_full: { verdict: "risky", confidence: 0.7, rule: "mailbox_full" },
  mailbox_busy: { verdict: "risky", confidence: 0.7, rule: "mailbox_busy" },
};

const ABOUT_US: ReadonlySet<RcptReason> = new Set([
  "sender_refused",
  "client_blocked",
  "rate_limited",
  "policy",
  "relay_denied",
  "tls_required",
  "not_permitted",
  "outbound_blocked",
]);

function unknownFor(reason: RcptReason): Verdict {
  if (reason === "address_unsupported") return OTHER;
  return ABOUT_US.has(reason) ? ABOUT : NOT_NOW;
}
