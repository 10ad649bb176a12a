import type { Finding } from "../../schemas/finding.js";
import type { StarttlsOutcome, TlsMode } from "../../schemas/service.js";
import { FailureError, failureError } from "../run/failure-error.js";
import { finding } from "../run/judge.js";

export interface Upgrading {
  /** STARTTLS, or the protocol's name for it. */
  readonly verb: string;
  readonly mode: TlsMode;
  readonly isOffered: boolean;
  /** How a positive reply begins. */
  readonly expected: string;
  /** Sends the command and performs the handshake; returns the server's refusal, or null once the connection is secured. */
  ask(): Promise<FailureError | null>;
  /** What the server sent could not be parsed as a reply. */
  isMalformed(): boolean;
}

/**
 * Secures a plain-text connection. False if it stays in plain text: always if TLS is not offered, unless the mode is starttls; if it is refused, in
 * opportunistic mode only.
 */
export async function upgrade(upgrading: Upgrading, evidence: { starttls: StarttlsOutcome; readonly findings: Finding[] }): Promise<boolean> {
  const { verb, mode, isOffered, expected } = upgrading;
  if (!isOffered) {
    evidence.starttls = "not_offered";
    if (mode === "starttls") throw failureError("starttls", "unsupported", `the server does not offer ${verb}`);
    return false;
  }
  const refusal = await upgrading.ask().catch((error) => {
    if (error instanceof FailureError) evidence.starttls = outcomeOf(error, upgrading);
    throw error;
  });
  if (refusal === null) {
    evidence.starttls = "secured";
    return true;
  }
  const { retryable, message } = refusal.failure;
  evidence.starttls = retryable ? "refused_temporarily" : "refused";
  if (mode !== "opportunistic") throw refusal;
  evidence.findings.push(finding("warning", "starttls_refused", `${verb} is offered but refused: ${message}`, expected, refusal.reply?.code));
  return false;
}

/** The outcome of an upgrade during which the conversation failed. */
function outcomeOf({ failure: { phase, code } }: FailureError, upgrading: Upgrading): StarttlsOutcome {
  if (phase === "tls") return code === "timeout" ? "handshake_timeout" : "handshake_failed";
  // The positive reply itself was valid: the error is in what followed it.
  return code === "protocol_violation" && !upgrading.isMalformed() ? "injected" : "unanswered";
}
