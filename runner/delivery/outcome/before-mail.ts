import type { Phase } from "../../../schemas/failure.js";

/** Phases in which a mail server has not been asked about a sender or a recipient. */
const BEFORE_MAIL: ReadonlySet<Phase> = new Set(["probe", "resolve", "connect", "greeting", "starttls", "tls", "ehlo", "auth"]);

export function isBeforeMail(phase: Phase | null): boolean {
  return phase !== null && BEFORE_MAIL.has(phase);
}
