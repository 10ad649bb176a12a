import type { DeadLetter, Delivery } from "../backend.js";
import type { LastFailure } from "../last-failure.js";
import { messageIdOf } from "./ids.js";

/** A BullMQ job that is active here. */
export interface Lease extends Delivery {
  readonly jobId: string;
  /** BullMQ's lock token, drawn anew for each claim: an old holder is told from the present one. */
  readonly lease: string;
  /** Where it stood in the line. */
  readonly place: string;
}

/** What the claim script gives for a message, in this order. */
type Claimed = readonly [jobId: string, data: string, key: string, attempt: number, failure: string, place: string, kept: string | null, part: string | number];
const COLUMNS = 8;

export function leasesOf(reply: readonly unknown[], lease: string): Lease[] {
  const leases: Lease[] = [];
  for (let first = 0; first < reply.length; first += COLUMNS) {
    leases.push(leaseOf(reply.slice(first, first + COLUMNS) as unknown as Claimed, lease));
  }
  return leases;
}

function leaseOf([jobId, data, key, attempt, failure, place, kept, part]: Claimed, lease: string): Lease {
  return {
    id: messageIdOf(jobId),
    body: bodyOf(data),
    key: keyFrom(key),
    attempt,
    // A letter that was revived has its first attempt before it.
    lastFailure: attempt === 1 ? null : failureFrom(failure),
    kept,
    part: Number(part),
    jobId,
    lease,
    place,
  };
}

export function deadLetterOf(jobId: string, fields: Readonly<Record<string, string>>): DeadLetter {
  const { data = "", key = "", ats = "0", failure = "", failedReason = "nothing is known", finishedOn } = fields;
  const known = failureFrom(failure) ?? {
    reason: "worker_error",
    message: failedReason,
    at: finishedOn === undefined ? "" : new Date(Number(finishedOn)).toISOString(),
  };
  return { id: messageIdOf(jobId), body: bodyOf(data), key: keyFrom(key), attempts: Number(ats), failure: known };
}

/** A job's data is JSON. A body is any text: it is kept as a string of JSON. */
export function dataOf(body: string): string {
  return JSON.stringify(body);
}

/** What others put there with BullMQ's own means is most likely an event as an object. */
function bodyOf(data: string): string {
  if (!data.startsWith('"')) return data;
  return JSON.parse(data) as string;
}

/** An empty text would not do for "no key": a key may be one. */
export function keyField(key: string | null): string {
  return key === null ? "" : `=${key}`;
}

function keyFrom(field: string): string | null {
  return field === "" ? null : field.slice(1);
}

function failureFrom(text: string): LastFailure | null {
  return text === "" ? null : (JSON.parse(text) as LastFailure);
}
