import type { Failure, FailureCode, Phase } from "../../schemas/failure.js";
import { failure } from "../../schemas/failure.js";

const BRAND = Symbol.for("probe-run.failure");

/** The server's reply behind a failure. */
export interface FailureReply {
  /** As the protocol writes it: 550 in SMTP, NO in IMAP, -ERR in POP3. */
  readonly code: number | string;
  /** 5.1.1 in SMTP (RFC 3463), or the response code of IMAP and POP3, such as BADCHARSET or IN-USE. */
  readonly enhancedCode: string | null;
  /** Without the leading codes, except an enhanced code of SMTP, which is part of the text. */
  readonly lines: readonly string[];
}

/**
 * Carries a failure from where it happened up to the probe's `ctx.attempt`, which turns it back into data.
 * Anything else that is thrown inside a probe is a bug.
 */
export class FailureError extends Error {
  override readonly name = "FailureError";
  readonly failure: Failure;
  /** Null if it is not caused by a server's reply. It stays inside the run: the output contains it as `failure.message`. */
  readonly reply: FailureReply | null;
  readonly [BRAND] = true;

  /** Also recognises errors of another copy of probe-run: a third-party probe may have its own. */
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
