import type { GivenOf } from "../../schemas/contract.js";
import { EVENT_SOURCE } from "../../schemas/event.js";
import { RESULT_TYPE, type resultEventContract, resultIdOf } from "../../schemas/result-event.js";
import type { Report } from "../harness/run.js";
import type { Message } from "./backend.js";
import { orderedId } from "./ordered-id.js";

/** The job that a result belongs to; null for a run without a job. */
export interface JobOfResult {
  readonly id: string;
  readonly attempt: number;
  readonly priority: number;
  /** The number of an interim result; null for the last result of a job. */
  readonly part: number | null;
  /** The place of the worker that ran it; null: it has none. */
  readonly location: string | null;
}

/** What a consumer gets: the queue side of the envelope as a CloudEvent. */
export function resultMessage({ envelope, probe, version }: Report, job: JobOfResult | null): Message {
  const id = job === null ? orderedId() : resultIdOf(job.id, job.part);
  const event = {
    specversion: "1.0",
    id,
    source: EVENT_SOURCE,
    type: RESULT_TYPE,
    subject: `${probe}@${version}`,
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    dataschema: `urn:probe-run:${probe}:${version}:output`,
    ...(job === null ? {} : { jobid: job.id, attempt: job.attempt }),
    ...(job === null || job.part === null ? {} : { part: job.part }),
    ...(job === null || job.location === null ? {} : { location: job.location }),
    data: envelope.queue as Record<string, unknown>,
  } satisfies GivenOf<typeof resultEventContract>;
  return { id, body: JSON.stringify(event), key: null, priority: job?.priority ?? 0, delayMs: 0 };
}
