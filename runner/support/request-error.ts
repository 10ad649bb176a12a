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
    /** The message without the violations, for what prints them itself. */
    readonly summary: string,
    readonly code: RequestErrorCode,
    readonly violations: readonly Violation[] = [],
  ) {
    super(withViolations(summary, violations));
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

/** A test runner or a logger prints the message alone: it lists what is wrong, one violation on the same line, several on lines of their own. */
function withViolations(summary: string, violations: readonly Violation[]): string {
  const [first, ...more] = violations;
  if (first === undefined) return summary;
  if (more.length === 0) return `${summary}: ${violationText(first)}`;
  const rest = violations.length - MAX_LISTED;
  return [`${summary}:`, ...violations.slice(0, MAX_LISTED).map(violationText), ...(rest > 0 ? [`… and ${rest} more`] : [])].join("\n  ");
}

/** A message is no report: `violations` has them all. */
const MAX_LISTED = 10;

function violationText({ pointer, message, hint }: Violation): string {
  return `${pointer} ${message}${hint === null ? "" : `; ${hint}`}`.trim();
}

/** An error for what shows a single line: one violation, and how many more there are. A misspelled field explains a missing one. */
export function reasonText(error: unknown): string {
  if (!(error instanceof RequestError)) return error instanceof Error ? error.message : String(error);
  const { summary, violations } = error;
  const first = violations.find(({ hint }) => hint?.startsWith("did you mean")) ?? violations[0];
  if (first === undefined) return summary;
  return `${summary}: ${violationText(first)}${violations.length === 1 ? "" : ` (and ${violations.length - 1} more)`}`;
}
