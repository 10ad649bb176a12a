/** Why a message is not done: what stands beside it in the dead letters. */
export interface LastFailure {
  readonly reason: FailureReason;
  readonly message: string;
  /** UTC. */
  readonly at: string;
}

/**
 * poisoned: it is no message of ours, or does not fit its contract. refused: it asks a worker for what jobs may not have there.
 * worker_error: the probe threw. worker_died: its lease ran out time and again. target_failed: the target failed in a way that may
 * pass. result_refused: whoever was handed its result said no. consumer_error: whoever was handed it could not take it.
 */
export type FailureReason = "poisoned" | "refused" | "worker_error" | "worker_died" | "target_failed" | "result_refused" | "consumer_error";

/** More than this tells nobody more. */
const MOST_CHARACTERS = 2000;

export function lastFailure(reason: FailureReason, message: string): LastFailure {
  const shown = message.length <= MOST_CHARACTERS ? message : `${message.slice(0, MOST_CHARACTERS)}…`;
  return { reason, message: shown, at: new Date().toISOString() };
}
