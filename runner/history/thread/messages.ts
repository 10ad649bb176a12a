import type { Violation } from "../../support/request-error.js";
import { RequestError } from "../../support/request-error.js";
import { HistoryLost } from "../history-lost.js";
import type { RequestName } from "../requests.js";
import type { Keeping } from "../retention.js";

/** To the thread. */
export type ToThread =
  | { readonly kind: "ask"; readonly id: number; readonly name: RequestName; readonly given: readonly unknown[] }
  | { readonly kind: "keep"; readonly keeping: Keeping }
  | { readonly kind: "close" };

export interface ThreadAnswer {
  readonly id: number;
  readonly value: unknown;
  /** Null: it was done. */
  readonly error: SentError | null;
}

/** From the thread. */
export type FromThread =
  | { readonly kind: "opened" }
  | { readonly kind: "failed"; readonly error: SentError }
  | { readonly kind: "answers"; readonly answers: readonly ThreadAnswer[] }
  | { readonly kind: "trouble"; readonly message: string }
  | { readonly kind: "closed" };

/** Errors lose their class on the way between threads. */
export interface SentError {
  readonly message: string;
  readonly kind: "request" | "lost" | "other";
  readonly violations: readonly Violation[];
}

export function sentError(error: unknown): SentError {
  const kind = error instanceof RequestError ? "request" : error instanceof HistoryLost ? "lost" : "other";
  const violations = error instanceof RequestError ? error.violations : [];
  const message = error instanceof RequestError ? error.summary : error instanceof Error ? error.message : String(error);
  return { message, kind, violations };
}

export function receivedError({ message, kind, violations }: SentError): Error {
  if (kind === "request") return new RequestError(message, "usage", violations);
  return kind === "lost" ? new HistoryLost(message) : new Error(message);
}
