/** One thing that is wrong with a request: where it is, what was expected, and what to do. */
export interface Violation {
  pointer: string;
  message: string;
  hint: string | null;
}

const BRAND = Symbol.for("probe-run.request");

/** The request was invalid: nothing was run and nothing was sent. The command line exits with 2. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly [BRAND] = true;

  /** Also recognises errors of another copy of this class: dist/ has several, and so may a third-party probe. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value !== null && typeof value === "object" && BRAND in value;
  }

  constructor(
    message: string,
    readonly code: RequestErrorCode,
    readonly violations: readonly Violation[] = [],
  ) {
    super(message);
  }
}

export type RequestErrorCode =
  | "unknown_probe"
  | "unknown_version"
  | "invalid_input"
  | "unreadable_input"
  | "invalid_probe"
  | "unresolved_secret"
  | "short_secret"
  | "usage";

/** An error on one line, with all that is wrong with the request if it is one. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof RequestError)) return error.message;
  const violations = error.violations.filter(({ message }) => !error.message.includes(message));
  return [error.message, ...violations.map(({ message, hint }) => (hint === null ? message : `${message}; ${hint}`))].join(": ");
}
