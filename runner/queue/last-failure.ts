/** Why a message is not done; shown with the dead letters. */
export interface LastFailure {
  readonly reason: FailureReason;
  readonly message: string;
  /** In UTC. */
  readonly at: string;
}

/**
 * poisoned: it is not a valid message, or does not fit its contract. refused: it asks for something that this worker does not allow. worker_error:
 * the probe threw. worker_died: its leases expired. target_failed: the target failed temporarily. result_refused: the receiver of its result refused
 * it. consumer_error: its consumer failed.
 */
export type FailureReason = "poisoned" | "refused" | "worker_error" | "worker_died" | "target_failed" | "result_refused" | "consumer_error";

const REASONS: readonly string[] = [
  "poisoned",
  "refused",
  "worker_error",
  "worker_died",
  "target_failed",
  "result_refused",
  "consumer_error",
] satisfies FailureReason[];

/** Longer messages are cut. */
const MAX_CHARACTERS = 2000;

export function lastFailure(reason: FailureReason, message: string): LastFailure {
  const shown = message.length <= MAX_CHARACTERS ? message : `${message.slice(0, MAX_CHARACTERS)}…`;
  return { reason, message: shown, at: new Date().toISOString() };
}

/** A failure that a store holds, as JSON text. Null if another program wrote something else there. */
export function readFailure(text: string): LastFailure | null {
  try {
    return failureIn(JSON.parse(text));
  } catch {
    return null;
  }
}

export function failureIn(value: unknown): LastFailure | null {
  if (value === null || typeof value !== "object") return null;
  const { reason, message, at } = value as Record<string, unknown>;
  const isFailure = typeof reason === "string" && REASONS.includes(reason) && typeof message === "string" && typeof at === "string";
  return isFailure ? { reason: reason as FailureReason, message, at } : null;
}
