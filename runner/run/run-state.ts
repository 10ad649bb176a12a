import type { Operation } from "../../schemas/operation.js";
import type { Deadline } from "./deadline.js";
import type { Recorder } from "./recorder.js";
import type { RunTargets } from "./run-targets.js";
import type { SecretKeeper } from "./secret-keeper.js";

/** What a wire client uses of the run that it works for. */
export interface WireRun {
  readonly recorder: Recorder;
  readonly deadline: Deadline;
  readonly secrets: SecretKeeper;
  /** What the run may connect to; null: anything. */
  readonly targets: RunTargets | null;
}

/** What the harness itself holds of a run; the capabilities are made from it. */
export interface RunState extends WireRun {
  /** Null outside of a queue. */
  readonly memory: JobMemory | null;
}

/** What every probe may know of its run. */
export interface RunView {
  readonly recorder: Readonly<Pick<Recorder, "began" | "ipAddress" | "connectedAt">> & { readonly operations: readonly Operation[] };
  /** `reason` says why the run ended early; null while it goes on. It costs less than a signal does. */
  readonly deadline: Readonly<Pick<Deadline, "reason">> & Pick<Deadline, "onEnd">;
  /** A secret that is kept is masked in everything that leaves the run. */
  readonly secrets: Pick<SecretKeeper, "keep">;
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
