import type { MessageIdentity } from "./message-identity.js";
import { type Recipient, recipientSchema, type SendAttempt, sendAttemptSchema } from "./schema.js";

/** What a job remembers from one run to the next. */
export interface SavedState {
  version: 1;
  /** What follows from the input is not stored: anything in it that looks like a secret would be masked. */
  seal: MessageIdentity;
  recipients: Recipient[];
  attempts: SendAttempt[];
  /** When the next attempt is due, in UTC; null when none is. */
  next_at: string | null;
  /** The recipients to whom the message is being sent, by index: if a run ends here, it is unknown whether it was accepted for them. */
  underway: number[];
  /** Absent in states of older releases. */
  greylisted_attempt?: number | null;
}

/** Its names and words are not masked, even if a password equals one of them: otherwise they would be misread, and the message sent again. */
export const STATE_SCHEMA = {
  properties: {
    version: {},
    seal: { properties: { token: {}, unique: {}, date: {} } },
    recipients: { items: recipientSchema },
    attempts: { items: sendAttemptSchema },
    next_at: {},
    underway: {},
    greylisted_attempt: {},
  },
};

/** The state of an earlier run; null if there is none, or it has another format. */
export function savedStateOf(value: unknown): SavedState | null {
  const saved = value as SavedState | null;
  return saved !== null && typeof saved === "object" && saved.version === 1 ? saved : null;
}

/** What the attempts have shown so far, those of earlier runs of the job too. */
export interface Progress {
  /** The number of the first attempt that a greylist refused; null while none did. */
  greylistedAttempt: number | null;
}

/** What earlier runs of the job have shown. */
export function progressOf(saved: SavedState | null): Progress {
  return { greylistedAttempt: saved?.greylisted_attempt ?? null };
}

/** A queue keeps little: the first attempts and the last ones, replies shortened, and the steps of the last two. */
export function limitedState({ recipients, attempts, ...rest }: SavedState): SavedState {
  const first = attempts.slice(0, -LAST_ATTEMPTS).slice(0, FIRST_ATTEMPTS);
  return {
    ...rest,
    recipients: recipients.map((recipient) => ({ ...recipient, message: shortened(recipient.message) })),
    attempts: [...first.map(withoutSteps), ...attempts.slice(-LAST_ATTEMPTS, -WITH_STEPS).map(withoutSteps), ...attempts.slice(-WITH_STEPS).map(withSteps)],
  };
}

const FIRST_ATTEMPTS = 5;
const LAST_ATTEMPTS = 35;
const WITH_STEPS = 2;
const MAX_STEPS = 40;
const MAX_CHARACTERS = 200;

function withoutSteps(attempt: SendAttempt): SendAttempt {
  const { reply_message: message, failure } = attempt;
  return {
    ...attempt,
    operations: [],
    dialled: [],
    reply_message: shortened(message),
    failure: failure === null ? null : { ...failure, message: shortened(failure.message) },
  };
}

function withSteps(attempt: SendAttempt): SendAttempt {
  const operations = attempt.operations.slice(0, MAX_STEPS).map((operation) => ({ ...operation, message: shortened(operation.message) }));
  return { ...withoutSteps(attempt), operations, dialled: attempt.dialled.slice(0, MAX_STEPS) };
}

function shortened<Text extends string | null>(text: Text): Text {
  return (text === null || text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`) as Text;
}
