import type { Failure, FailureCode, Phase } from "../../schemas/failure.js";
import { failure } from "../../schemas/failure.js";

const BRAND = Symbol.for("probe-run.failure");

/** What a server answered, when that answer is the failure. */
export interface FailureReply {
  /** As the protocol writes it: 550 of SMTP, NO of IMAP, -ERR of POP3. */
  readonly code: number | string;
  /** 5.1.1 of SMTP (RFC 3463), or the response code of IMAP and POP3, as BADCHARSET or IN-USE. */
  readonly enhancedCode: string | null;
  /** Without the codes in front of them, except an enhanced code of SMTP, which is a part of the text. */
  readonly lines: readonly string[];
}

/**
 * Carries a failure from where it happened up to the probe's `ctx.attempt`, which turns it back into data.
 * Anything else that is thrown inside a probe is a bug.
 */
export class FailureError extends Error {
  override readonly name = "FailureError";
  readonly failure: Failure;
  /** Null when no server's answer is the reason. It stays inside the run: the output holds it as `failure.message`. */
  readonly reply: FailureReply | null;
  readonly [BRAND] = true;

  /** Also one that a second copy of probe-run made: a probe that is not ours may come with its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value !== null && typeof value === "object" && BRAND in value;
  }

  constructor(failure: Failure, reply: FailureReply | null = null) {
    super(`${failure.phase}: ${failure.message}`);
    this.failure = failure;
    this.reply = reply;
  }
}

export function failureError(phase: Phase, code: FailureCode, message: string): FailureError {
  return new FailureError(failure(phase, code, message));
}
