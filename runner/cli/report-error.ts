import type { LostRunError } from "../processes/lost-run-error.js";
import type { QueueError } from "../queue/queue-error.js";
import { printable } from "../support/printable.js";
import { RequestError, type Violation } from "../support/request-error.js";
import { EXIT } from "./exit-codes.js";
import { withPlace } from "./input/place.js";
import type { Io } from "./io.js";

/** A screenful is enough. */
const MAX_VIOLATIONS = 50;

/** Prints an error, with the place of the input that it is about, and returns its exit code. */
export function reportError(error: unknown, io: Pick<Io, "err">, place: string | null = null): number {
  if (error instanceof RequestError) {
    io.err(requestErrorText(place === null ? error : withPlace(error, place)));
    return EXIT.badRequest;
  }
  if (error instanceof AggregateError && error.errors.length > 0) return Math.max(...error.errors.map((each) => reportError(each, io, place)));
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  io.err(`probe-run: ${place === null ? "" : `${printable(place)}: `}could not run: ${printable(message)}\n`);
  if (stack !== undefined && !isSystemError(error)) io.err(`${printable(stack.slice(stack.indexOf("\n    at ") + 1))}\n`);
  return EXIT.couldNotRun;
}

function requestErrorText(error: RequestError): string {
  const shown = error.violations.slice(0, MAX_VIOLATIONS);
  const width = Math.max(0, ...shown.map(({ pointer }) => pointer.length));
  const rest = error.violations.length - shown.length;
  return [
    `probe-run: ${printable(error.summary)}`,
    ...shown.map((violation) => `  ${line(violation, Math.min(width, 40))}`),
    ...(rest > 0 ? [`  … and ${rest} more`] : []),
    "",
  ].join("\n");
}

function line({ pointer, message, hint }: Violation, width: number): string {
  const words = hint === null ? message : `${message}; ${hint}`;
  return printable(width === 0 ? words : `${pointer.padEnd(width)}  ${words}`);
}

/** Errors that say what to do. Matched by name, so that reporting need not load the queue. */
const SELF_EXPLANATORY: readonly string[] = [
  "QueueError" satisfies QueueError["name"],
  "LostRunError" satisfies LostRunError["name"],
  "HistoryLost",
  "MissingSqliteError",
  "MissingProgramError",
];

/** The stack of a system error does not help a user. */
function isSystemError(error: unknown): boolean {
  return SELF_EXPLANATORY.includes((error as Error).name) || typeof (error as NodeJS.ErrnoException).syscall === "string";
}
