import type { Finding } from "../../schemas/finding.js";
import { FailureError } from "../run/failure-error.js";
import { finding } from "../run/judge.js";

export interface Goodbye<Session> {
  /** QUIT, or the protocol's name for it. */
  readonly verb: string;
  /** How a correct reply begins. */
  readonly expected: string;
  /** The server's reply, and how it began if it is a refusal. */
  ask(session: Session): Promise<{ readonly words: string; readonly refusal: string | number | null }>;
}

/**
 * Says goodbye, and closes. If it is lost, or cannot be sent because the conversation has failed since, that says nothing about the service measured
 * before: it causes a warning, and never the run's failure.
 */
export function sayGoodbye<Session>({ verb, expected, ask }: Goodbye<Session>, session: Session): Promise<Finding[]> {
  return ask(session).then(
    ({ words, refusal }) => (refusal === null ? [] : [finding("warning", "quit_refused", `${verb} was answered ${words}`, expected, refusal)]),
    (error: unknown) => {
      if (!(error instanceof FailureError)) throw error;
      return [finding("warning", "quit_lost", `${verb} got no reply: ${error.failure.message}`, expected, error.failure.code)];
    },
  );
}
