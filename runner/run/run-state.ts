import type { Deadline } from "./deadline.js";
import type { Recorder } from "./recorder.js";
import type { SecretKeeper } from "./secret-keeper.js";

/** What the harness itself holds of a run; the grants are made from it. */
export interface RunState {
  readonly recorder: Recorder;
  readonly deadline: Deadline;
  readonly secrets: SecretKeeper;
  /** Null outside of a queue. */
  readonly memory: JobMemory | null;
}

/** What the memory of a run is made of: a queue's worker gives it for each job. */
export interface JobMemory {
  readonly kept: string | null;
  readonly mostWaitMs: number;
  /** False: the job is another worker's by now, and nothing was stored. */
  keep(text: string): Promise<boolean>;
  readonly isRetried: boolean;
  retryAfter(afterMs: number): void;
  goOnLater(afterMs: number): void;
}

export const ENDED = {
  timeout: "the run's deadline expired",
  cancelled: "the run was cancelled",
} as const;
