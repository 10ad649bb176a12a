import type { Report } from "../harness/run.js";
import type { RequestErrorCode, Violation } from "../support/request-error.js";

/** What the parent tells a child process. */
export type ToChild =
  /** They begin in this order, as soon as the child has a free place for each. */
  | { readonly kind: "run"; readonly inputs: readonly SentInput[] }
  /** Asks for inputs that have not begun: the last of them, at most this many. */
  | { readonly kind: "return"; readonly most: number }
  /** Ends the runs in progress early: their results say so. Inputs that have not begun are returned. */
  | { readonly kind: "cancel" };

export interface SentInput {
  readonly index: number;
  readonly input: unknown;
}

/** What a child process tells its parent. */
export type FromChild =
  | { readonly kind: "ready" }
  /** It cannot run this probe at all. */
  | { readonly kind: "unusable"; readonly error: SentError }
  | { readonly kind: "done"; readonly outcomes: readonly SentOutcome[] }
  /** These have not begun, and will not begin here. A child that is ending begins nothing else either. */
  | { readonly kind: "returned"; readonly indexes: readonly number[]; readonly isEnding: boolean };

export type SentOutcome = { readonly index: number; readonly report: SentReport } | { readonly index: number; readonly error: SentError };

/** A report without what is there twice: null stands for the very same as the output. */
export interface SentReport {
  readonly output: unknown;
  readonly queue: unknown;
  readonly carried: Report["carried"] | null;
  readonly probe: string;
  readonly version: string;
}

export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  /** Of a wrong request; null for a bug. */
  readonly request: { readonly code: RequestErrorCode; readonly violations: readonly Violation[]; readonly summary: string } | null;
}
