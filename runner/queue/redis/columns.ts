import { randomBytes } from "node:crypto";
import type { Keeping, Message, Outcome, Settlement } from "../backend.js";
import { dataOf, keyField, type Lease } from "./deliveries.js";
import { jobIdOf } from "./ids.js";

/** BullMQ's priority 0 is what has none: it lies elsewhere, and goes before all. */
const LOWEST_PRIORITY = 10;

/** The name of a call, to know it by when it is sent again. Kept with each message, so no longer than it has to be. */
export function callName(): string {
  return randomBytes(9).toString("base64url");
}

/** As the push script takes a message. */
export function messageColumns({ id, body, key, priority, delayMs, weight = 1 }: Message): (string | number)[] {
  return [jobIdOf(id), dataOf(body), keyField(key), LOWEST_PRIORITY - priority, Math.ceil(delayMs), weight];
}

/** As the settle script takes a settlement. */
export function settlementColumns({ delivery, outcome }: Settlement): (string | number)[] {
  const { jobId, lease } = delivery as Lease;
  return [jobId, lease, outcome.kind, ...outcomeColumns(outcome, delivery as Lease)];
}

/** As the keep script takes it. */
export function keepingColumns({ delivery, text }: Keeping): string[] {
  const { jobId, lease } = delivery as Lease;
  return [jobId, lease, text];
}

/** A number, a failure, its words, and id, data, key and priority of a result. */
function outcomeColumns(outcome: Outcome, { place }: Lease): (string | number)[] {
  switch (outcome.kind) {
    case "done":
      return [0, "", "", ...resultColumns(outcome.result)];
    case "later":
      return [Math.ceil(outcome.afterMs), "", "", ...resultColumns(outcome.result)];
    case "retry":
      return [Math.ceil(outcome.afterMs), JSON.stringify(outcome.failure), outcome.failure.message, "", "", "", 0];
    case "release":
      return [place, "", "", "", "", "", 0];
    case "dead":
      return [0, JSON.stringify(outcome.failure), outcome.failure.message, "", "", "", 0];
  }
}

function resultColumns(result: Message | null): (string | number)[] {
  return result === null ? ["", "", "", 0] : messageColumns(result).slice(0, 4);
}
