import { createHash } from "node:crypto";
import type { SuiteWatch } from "../../schemas/suite.js";
import { durationMs } from "../support/duration.js";

/** Where changes of incidents are sent. */
export interface Receiver {
  /** Of its URL: what waits in the outbox for one that is configured no more is not sent to another. */
  readonly key: string;
  readonly to: string;
  readonly on: ReadonlySet<string>;
  readonly remindMs: number | null;
}

const EVERY_CHANGE = ["error", "flapping", "recovered"] as const;
const LEAST_REMIND_MS = 60_000;

export function receiversOf({ notify = [] }: SuiteWatch): Receiver[] {
  return notify.map(({ to, on, remind }) => ({
    key: createHash("sha256").update(to).digest("hex").slice(0, 16),
    to,
    on: new Set<string>(on ?? EVERY_CHANGE),
    remindMs: remind === undefined ? null : Math.max(LEAST_REMIND_MS, durationMs(remind) as number),
  }));
}
