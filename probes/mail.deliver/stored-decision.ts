import type { ChosenWay, Recipient } from "../../runner/delivery/message/recipient.js";
import { type Decision, US } from "../../runner/delivery/outcome/decision.js";
import { STATE_BYTES } from "../../runner/harness/memory.js";
import { failure } from "../../schemas/failure.js";

/** The decision for one recipient as a job stores it: whole, or for hundreds of recipients only what must not be lost. */
export type StoredDecision = WholeDecision | BareDecision;

interface WholeDecision extends Decision {
  readonly index: number;
  readonly site: string | null;
  readonly chosen: ChosenWay | null;
}

type BareDecision = readonly [index: number, kind: Decision["kind"], found: Decision["class"], code: number | null, decidedAt: Decision["decidedAt"]];

const MAX_WHOLE = 200;
/** The size of a whole one without its texts, which it holds up to four times, two bytes a character. */
const REST_BYTES = 600;
const BYTES_A_CHARACTER = 8;
const MAX_CHARACTERS = 1000;

/** Empty for a recipient without a decision. */
export function storedDecision({ index, site, chosen, decision }: Recipient, all: number): StoredDecision[] {
  if (decision === null) return [];
  if (all > MAX_WHOLE) return [[index, decision.kind, decision.class, decision.code, decision.decidedAt]];
  const most = Math.min(MAX_CHARACTERS, Math.floor((STATE_BYTES / all - REST_BYTES) / BYTES_A_CHARACTER));
  const cut = (text: string | null): string | null => (text === null ? null : text.slice(0, most));
  const { isPostponed: _, ...known } = decision;
  const { failure: broken } = known;
  return [
    {
      ...known,
      message: cut(decision.message),
      failure: broken === null ? null : { ...broken, message: cut(broken.message) ?? "" },
      index,
      site: cut(site),
      chosen: chosen === null ? null : { ...chosen, explanation: cut(chosen.explanation) ?? "" },
    },
  ];
}

export function indexOf(kept: StoredDecision): number {
  return "kind" in kept ? kept.index : kept[0];
}

export function restoreDecision(recipient: Recipient, kept: StoredDecision): void {
  if ("kind" in kept) {
    const { index: _, site, chosen, ...decision } = kept;
    Object.assign(recipient, { site, chosen });
    recipient.settle(decision);
  } else recipient.settle(wholeOf(kept));
}

/** The texts are lost; the decision is not. */
function wholeOf([, kind, found, code, decidedAt]: BareDecision): Decision {
  const words = "decided by an earlier run of this job";
  const known = { ...failure(decidedAt ?? "data", code === null ? "closed" : "reply_rejected", words), reply_code: code, retryable: kind === "later" };
  return {
    kind,
    class: found,
    code,
    enhancedCode: null,
    message: words,
    matched: null,
    decidedAt,
    speaker: US,
    failure: kind === "delivered" ? null : known,
    retryAfterMs: null,
  };
}
