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
    /** The message without a reason, for what prints the violations under it. */
    readonly summary: string = message,
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
  const violations = error.violations.filter(({ message }) => !error.summary.includes(message));
  return [error.summary, ...violations.map(({ message, hint }) => (hint === null ? message : `${message}; ${hint}`))].join(": ");
}

/** A message for those who print no violations: with the first of them, and how many more there are. */
export function withReason(summary: string, violations: readonly Violation[]): string {
  const [first, ...more] = violations;
  if (first === undefined) return summary;
  const hint = first.hint === null ? "" : `; ${first.hint}`;
  const rest = more.length === 0 ? "" : ` (and ${more.length} more)`;
  return `${summary}: ${`${first.pointer} ${first.message}`.trim()}${hint}${rest}`;
}

/** A request that is wrong in these ways: its message has the first. */
export function refusal(summary: string, code: RequestErrorCode, violations: readonly Violation[]): RequestError {
  return new RequestError(withReason(summary, violations), code, violations, summary);
}
