import { round, utc } from "../../runner/run/clock.js";
import type { Operation } from "../../schemas/operation.js";
import type { SendEvidence } from "../mail.send/evidence.js";
import type { Ctx, RoundtripEvidence } from "./evidence.js";
import type { SentAndReceived } from "./send-and-receive.js";

/** How the end of a message is called among the steps of the sending conversation. */
const END_OF_MESSAGE = "send message";

/** Every duration is the difference of two moments of the one monotonic clock: of what an earlier run sent, none is known. */
export function setTimes(evidence: RoundtripEvidence, { sent, earlierAttempts, beganAt, seenAt }: SentAndReceived, { run }: Ctx): void {
  const accepted = sent === null ? null : acceptance(sent, earlierAttempts);
  if (accepted !== null) {
    const acceptedAt = run.recorder.began + accepted.at_ms;
    evidence.accepted_at = utc(acceptedAt);
    evidence.submission_ms = round(accepted.at_ms - accepted.began_ms);
    if (seenAt !== null) evidence.transit_ms = round(Math.max(0, seenAt - acceptedAt));
  }
  if (seenAt === null) return;
  evidence.seen_at = utc(seenAt);
  if (beganAt !== null && earlierAttempts === 0) evidence.total_ms = round(seenAt - beganAt);
}

/** When the first recipient's message was taken, and when the attempt began that brought it; both since the run began. */
function acceptance({ recipients, attempts }: SendEvidence, earlierAttempts: number): { at_ms: number; began_ms: number } | null {
  const number = recipients.find(({ outcome }) => outcome === "accepted")?.attempt;
  const steps = attempts.find((attempt) => attempt.number === number && number > earlierAttempts)?.operations ?? [];
  const end = steps.findLast(({ name }) => name === END_OF_MESSAGE);
  const [first] = steps;
  return end === undefined || first === undefined ? null : { at_ms: endOf(end), began_ms: first.at_ms };
}

function endOf({ at_ms: at, duration_ms: duration }: Operation): number {
  return at + (duration ?? 0);
}
