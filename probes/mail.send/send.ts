import { setTimeout as sleep } from "node:timers/promises";
import type { MemoryGrant } from "../../runner/harness/memory.js";
import { messageSize } from "../../runner/net/smtp/message-body.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { type Failure, failure } from "../../schemas/failure.js";
import { addressesOf } from "./addresses.js";
import { attempt, endOf, type Sending } from "./attempt.js";
import { failureOf } from "./decide.js";
import { isTemporary } from "./error-type.js";
import { type Ctx, isOpen, type Recipient, type SendAttempt, type SendEvidence } from "./evidence.js";
import { limitedState, type Progress, type SavedState, STATE_SCHEMA } from "./job-state.js";
import { messageOf, type OutgoingMessage } from "./message-identity.js";
import { nextWaitMs } from "./schedule.js";
import type { Input } from "./schema.js";

/** The state that a run continues from, and where it stores its progress. */
export interface Start {
  outgoing: OutgoingMessage;
  saved: SavedState | null;
  memory: SendMemory;
  progress: Progress;
}

export type SendMemory = Pick<MemoryGrant, "save" | "maxWaitMs" | "continueLater">;

/** Sends until each recipient has a final answer, or the schedule is over. What is left is thrown as a failure. */
export async function send(input: Input, ctx: Ctx, evidence: SendEvidence, { outgoing, saved, memory, progress }: Start): Promise<void> {
  const addresses = addressesOf(input);
  const { bytes, dkim } = await messageOf(input, outgoing, addresses);
  evidence.message_size_bytes = messageSize(bytes);
  evidence.dkim = dkim;
  const keep = (state: Pick<SavedState, "next_at" | "underway">): Promise<void> =>
    memory.save(
      limitedState({
        version: 1,
        seal: outgoing.seal,
        recipients: evidence.recipients,
        attempts: evidence.attempts,
        greylisted_attempt: progress.greylistedAttempt,
        ...state,
      }),
      STATE_SCHEMA,
    );
  if (saved !== null && saved.underway.length > 0) interrupted(evidence, saved.underway);
  const aboutToSend = (underway: number[]): Promise<void> => keep({ next_at: null, underway });
  const answered = (): Promise<void> => keep({ next_at: null, underway: [] });
  const sending: Sending = { input, ctx, evidence, addresses, message: bytes, aboutToSend, answered, progress };
  let nextAt: number | null = saved?.next_at == null ? Date.now() : Date.parse(saved.next_at);
  while (nextAt !== null && evidence.recipients.some(isOpen)) {
    if (!(await waitUntil(nextAt, ctx, memory, evidence))) break;
    const { failure: failed } = await attempt(sending);
    nextAt = failed === null || !isTemporary(failed) ? null : nextAttemptAt(input, evidence);
    await keep({ next_at: nextAt === null ? null : new Date(nextAt).toISOString(), underway: [] });
  }
  const left = leftUndone(evidence);
  if (left !== null) throw new FailureError(left);
}

/** In milliseconds since 1970; null when the schedule is over. */
function nextAttemptAt(input: Input, { attempts }: SendEvidence): number | null {
  const [first] = attempts;
  const last = attempts.at(-1);
  if (first === undefined || last === undefined) return null;
  const now = endOf(last);
  const waitMs = nextWaitMs(input, { attempts: last.number, elapsedMs: now - Date.parse(first.began) }, Math.random);
  return waitMs === null ? null : now + waitMs;
}

/** False: the wait is too long to sleep, and a later run of the job continues. */
async function waitUntil(nextAt: number, ctx: Ctx, memory: SendMemory, evidence: SendEvidence): Promise<boolean> {
  const waitMs = nextAt - Date.now();
  if (waitMs <= 0) return true;
  if (waitMs > memory.maxWaitMs) {
    memory.continueLater(waitMs);
    evidence.goes_on_at = new Date(nextAt).toISOString();
    return false;
  }
  // Aborted, it throws; ctx.attempt knows why.
  await sleep(waitMs, undefined, { signal: ctx.signal });
  return true;
}

/** An earlier run of the job ended while it was sending: it is unknown whether the message was accepted. */
function interrupted({ recipients, attempts }: SendEvidence, underway: readonly number[]): void {
  const last = attempts.at(-1) as SendAttempt;
  for (const index of underway) Object.assign(recipients[index] as Recipient, { outcome: "unknown", attempt: last.number, phase: "data" });
  const words = "the run was ended while it was sending: the message may have been taken, and is not sent again";
  Object.assign(last, { failure: { ...failure("data", "cancelled", words), retryable: false }, error_type: "timeout" });
}

/** The last attempt's failure, or else why a recipient did not get the message before. */
function leftUndone({ attempts, recipients }: SendEvidence): Failure | null {
  const missed = recipients.find(({ outcome }) => outcome !== "accepted");
  return attempts.at(-1)?.failure ?? (missed === undefined ? null : failureOf(missed));
}
