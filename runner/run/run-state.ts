import type { Operation } from "../../schemas/operation.js";
import type { Deadline } from "./deadline.js";
import type { Recorder } from "./recorder.js";
import type { RunTargets } from "./run-targets.js";
import type { SecretKeeper } from "./secret-keeper.js";

/** What a wire client uses of its run. */
export interface WireRun {
  readonly recorder: Recorder;
  readonly deadline: Deadline;
  readonly secrets: SecretKeeper;
  /** What the run may connect to; null: anything. */
  readonly targets: RunTargets | null;
}

/** What the harness itself holds of a run; capabilities are created from it. */
export interface RunState extends WireRun {
  /** Null outside a queue. */
  readonly memory: JobMemory | null;
  /** The folder for files that the run writes on request; null without one. */
  readonly artifacts: string | null;
}

/** What every probe may know about its run. */
export interface RunView {
  readonly recorder: Readonly<Pick<Recorder, "began" | "ipAddress" | "connectedAt">> & { readonly operations: readonly Operation[] };
  /** `reason` says why the run ended early; null while it runs. It costs less than a signal. */
  readonly deadline: Readonly<Pick<Deadline, "reason">> & Pick<Deadline, "onEnd">;
  /** A secret that is registered is masked in everything that leaves the run. */
  readonly secrets: Pick<SecretKeeper, "keep">;
}

/** The basis of a run's memory: a queue's worker provides it for each job. */
export interface JobMemory {
  readonly state: string | null;
  readonly maxWaitMs: number;
  /** False: another worker has the job now, and nothing was stored. */
  save(text: string): Promise<boolean>;
  readonly isRetried: boolean;
  retryAfter(afterMs: number): void;
  continueLater(afterMs: number): void;
}

export const ENDED = {
  timeout: "the run's deadline expired",
  cancelled: "the run was cancelled",
} as const;
