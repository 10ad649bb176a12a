import type { PushAnswer } from "./backend.js";

const BRAND = Symbol.for("probe-run.queue-error");
const PARTIAL = Symbol.for("probe-run.partial-push");

/** An operation on the queue failed: what happened, where, and what to do about it. The command line exits with 3. */
export class QueueError extends Error {
  override readonly name = "QueueError" as const;
  readonly [BRAND] = true;
  /** Of a refusal: the other side takes no message at all, because its address or the credentials for it are wrong. */
  readonly isOfEveryMessage: boolean;

  /** Also one of another copy of this class: in dist/, a store may lie in another file than the worker. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value !== null && typeof value === "object" && BRAND in value;
  }

  constructor(
    readonly code: QueueErrorCode,
    message: string,
    options: ErrorOptions & { readonly isOfEveryMessage?: boolean } = {},
  ) {
    super(message, options);
    this.isOfEveryMessage = options.isOfEveryMessage ?? false;
  }
}

/** Only part of a push was stored. The same messages can be pushed again with the same ids: those that are stored are duplicates then. */
export class PartialPushError extends QueueError {
  readonly [PARTIAL] = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value !== null && typeof value === "object" && PARTIAL in value;
  }

  constructor(
    cause: Error,
    /** In the order of the messages; null for those that are not known to be stored. */
    readonly answers: readonly (PushAnswer | null)[],
  ) {
    const stored = answers.filter((answer) => answer !== null).length;
    super(cause instanceof QueueError ? cause.code : "failed", `${stored} of ${answers.length} messages were stored: ${cause.message}`, { cause });
  }
}

/**
 * full: no space. read_only: no permission. corrupted: unreadable. not_a_queue: the file is something else. busy: locked by others for too long.
 * missing_client: a package is not installed. unreachable: no connection. closed: used after it was closed. refused: the other side rejected the
 * message.
 */
export type QueueErrorCode = "full" | "read_only" | "corrupted" | "not_a_queue" | "busy" | "missing_client" | "unreachable" | "closed" | "refused" | "failed";
