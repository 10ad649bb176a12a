import { failureError } from "../run/failure-error.js";
import type { JobMemory, RunState } from "../run/run-state.js";

/** What a job remembers from one run of it to the next. */
export interface MemoryGrant {
  /**
   * What an earlier run of this very job kept, a copy each time; null when none did. An older release of the probe may have written it, and a
   * run that was killed may have kept it in the middle of its work.
   */
  readonly kept: unknown;
  /**
   * Stores `state` (JSON, up to MAX_KEPT_BYTES) in the place of what was kept before; resolves when killing this process does not lose it. Rejects
   * with a FailureError when another worker has the job by now, or when the store did not answer in time: the caller must stop then. Secrets are
   * masked; the names and the enumerated words of `schema` are not, so that no password damages them.
   */
  keep(state: unknown, schema?: object): Promise<void>;
  /** A run does not sleep longer than this: it continues later. Infinity if it cannot be continued. */
  readonly mostWaitMs: number;
  /** True where the job is run again when this run fails in a way that may pass: then what is decided is worth keeping. */
  readonly isRetried: boolean;
  /** Where it is, not before so much time has passed. */
  retryAfter(afterMs: number): void;
  /** Once this run has ended, its output is an interim result, and the job is run again when so much time has passed. */
  goOnLater(afterMs: number): void;
}

/** A queue is no place for messages and attachments: a run keeps how far it has come. */
export const MAX_KEPT_BYTES = 256 * 1024;

/** How long after its deadline a run may still be storing what it came to: the harness gives it little more. */
const LAST_KEEP_MS = 1500;

export function memoryGrant({ memory, secrets, deadline }: RunState): MemoryGrant {
  const { kept, mostWaitMs, isRetried } = memory ?? NO_JOB;
  return {
    get kept() {
      return kept === null ? null : (JSON.parse(kept) as unknown);
    },
    async keep(state, schema) {
      const text = textOf(secrets.maskAll(state, schema));
      if (memory === null) return;
      const isStored = await inTime(memory.keep(text), deadline);
      if (!isStored) throw failureError("probe", "cancelled", "another worker has this job by now: its lease ran out");
    },
    mostWaitMs,
    isRetried,
    retryAfter(afterMs) {
      (memory ?? NO_JOB).retryAfter(checked("retryAfter", afterMs));
    },
    goOnLater(afterMs) {
      (memory ?? NO_JOB).goOnLater(checked("goOnLater", afterMs));
    },
  };
}

const NO_JOB: Omit<JobMemory, "keep"> = {
  kept: null,
  mostWaitMs: Number.POSITIVE_INFINITY,
  isRetried: false,
  retryAfter: () => undefined,
  goOnLater: () => {
    throw new Error("goOnLater() outside of a queue: the run could not be continued. Sleep if ctx.memory.mostWaitMs allows it");
  },
};

function checked(name: string, afterMs: number): number {
  if (afterMs >= 0 && afterMs < Number.POSITIVE_INFINITY) return afterMs;
  throw new Error(`${name}(${afterMs}): give milliseconds, 0 or more`);
}

function textOf(state: unknown): string {
  const text = JSON.stringify(state) as string | undefined;
  if (text === undefined) throw new Error(`keep(${String(state)}): only what is JSON can be kept`);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_KEPT_BYTES) throw new Error(`keep() was given ${bytes} bytes of JSON, and a job may keep ${MAX_KEPT_BYTES}: keep less`);
  return text;
}

/** A store that does not answer must not hold up a run for ever, and does not make it a probe that ignores its deadline. */
function inTime(storing: Promise<boolean>, deadline: RunState["deadline"]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const unwatch = deadline.onEnd((reason) => {
      timer = setTimeout(() => reject(failureError("probe", reason, "the queue did not store in time what the run came to")), LAST_KEEP_MS);
    });
    storing.then(resolve, reject).finally(() => {
      unwatch();
      clearTimeout(timer);
    });
  });
}
