import type { PushAnswer } from "./backend.js";

const BRAND = Symbol.for("probe-run.queue-error");
const PARTIAL = Symbol.for("probe-run.partial-push");

/** The queue could not do what it was asked: what happened, where, and what to do about it. The command line ends with 3. */
export class QueueError extends Error {
  override readonly name = "QueueError" as const;
  readonly [BRAND] = true;

  /** Also one of another copy of this class: in dist/, a store may lie in another file than the worker. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value !== null && typeof value === "object" && BRAND in value;
  }

  constructor(
    readonly code: QueueErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A push of which only part was stored. The same messages with the same ids may be pushed again: what is stored is a duplicate then. */
export class PartialPushError extends QueueError {
  readonly [PARTIAL] = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value !== null && typeof value === "object" && PARTIAL in value;
  }

  constructor(
    cause: Error,
    /** In the order of the messages; null for what is not stored, as far as is known. */
    readonly answers: readonly (PushAnswer | null)[],
  ) {
    const stored = answers.filter((answer) => answer !== null).length;
    super(cause instanceof QueueError ? cause.code : "failed", `${stored} of ${answers.length} messages were stored: ${cause.message}`, { cause });
  }
}

/**
 * full: no space. read_only: no permission. corrupted: it can no longer be read. not_a_queue: the file is something else.
 * busy: others kept it for too long. missing_client: a package is not installed. unreachable: no connection. closed: it was
 * used after its end. refused: the other side took the message, and said no.
 */
export type QueueErrorCode = "full" | "read_only" | "corrupted" | "not_a_queue" | "busy" | "missing_client" | "unreachable" | "closed" | "refused" | "failed";
