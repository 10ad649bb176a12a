import { failureError } from "../run/failure-error.js";
import type { JobMemory, RunState } from "../run/run-state.js";

/** The state that a job keeps from one run to the next. */
export interface MemoryGrant {
  /**
   * What an earlier run of this job saved, a new copy each time; null if none did. An older release of the probe may have written it, and a killed
   * run may have saved it in the middle of its work.
   */
  readonly state: unknown;
  /**
   * Stores `state` (JSON, up to MAX_STATE_BYTES) and replaces the previous one; resolves when it survives a kill of this process. Rejects with a
   * FailureError if another worker has the job now, or if the store did not answer in time: the caller must then stop. Secrets are masked; the names
   * and the enumerated words of `schema` are not, so that no password damages them.
   */
  save(state: unknown, schema?: object): Promise<void>;
  /** A run that would have to sleep longer than this continues later. Infinity if it cannot be continued. */
  readonly maxWaitMs: number;
  /** True if the job is retried when this run fails temporarily: then decisions are worth saving. */
  readonly isRetried: boolean;
  /** The earliest time of such a retry, from now. */
  retryAfter(afterMs: number): void;
  /** Makes the output of this run an interim result, and runs the job again after this time. */
  continueLater(afterMs: number): void;
}

/** Large enough for progress, too small for messages and attachments. */
export const MAX_STATE_BYTES = 256 * 1024;
/** What a probe that cuts its state should leave free: a secret that is masked may become longer. */
export const STATE_BYTES = Math.floor(MAX_STATE_BYTES * 0.8);

/** How long after its deadline a run may still be storing its state; the harness allows little more. */
const LAST_SAVE_MS = 1500;

export function memoryGrant(run: RunState): MemoryGrant {
  return new RunMemory(run);
}

class RunMemory implements MemoryGrant {
  readonly #run: RunState;
  readonly maxWaitMs: number;
  readonly isRetried: boolean;

  constructor(run: RunState) {
    this.#run = run;
    this.maxWaitMs = this.#job.maxWaitMs;
    this.isRetried = this.#job.isRetried;
  }

  get #job(): typeof NO_JOB {
    return this.#run.memory ?? NO_JOB;
  }

  get state(): unknown {
    const { state } = this.#job;
    return state === null ? null : (JSON.parse(state) as unknown);
  }

  async save(state: unknown, schema?: object): Promise<void> {
    const { memory, secrets, deadline } = this.#run;
    const text = textOf(secrets.maskAll(state, schema));
    if (memory === null) return;
    const isStored = await inTime(memory.save(text), deadline);
    if (!isStored) throw failureError("probe", "cancelled", "another worker has this job by now: its lease ran out");
  }

  retryAfter(afterMs: number): void {
    this.#job.retryAfter(checked("retryAfter", afterMs));
  }

  continueLater(afterMs: number): void {
    this.#job.continueLater(checked("continueLater", afterMs));
  }
}

const NO_JOB: Omit<JobMemory, "save"> = {
  state: null,
  maxWaitMs: Number.POSITIVE_INFINITY,
  isRetried: false,
  retryAfter: () => undefined,
  continueLater: () => {
    throw new Error("continueLater() outside of a queue: the run could not be continued. Sleep if ctx.memory.maxWaitMs allows it");
  },
};

function checked(name: string, afterMs: number): number {
  if (afterMs >= 0 && afterMs < Number.POSITIVE_INFINITY) return afterMs;
  throw new Error(`${name}(${afterMs}): give milliseconds, 0 or more`);
}

function textOf(state: unknown): string {
  const text = JSON.stringify(state) as string | undefined;
  if (text === undefined) throw new Error(`save(${String(state)}): the state must be JSON`);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_STATE_BYTES) throw new Error(`save() was given ${bytes} bytes of JSON, and the limit is ${MAX_STATE_BYTES}`);
  return text;
}

/** A store that does not answer must not block a run for ever, and must not make the probe look as if it ignored its deadline. */
function inTime(storing: Promise<boolean>, deadline: RunState["deadline"]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const unwatch = deadline.onEnd((reason) => {
      timer = setTimeout(() => reject(failureError("probe", reason, "the queue did not store the state of the run in time")), LAST_SAVE_MS);
    });
    storing.then(resolve, reject).finally(() => {
      unwatch();
      clearTimeout(timer);
    });
  });
}
