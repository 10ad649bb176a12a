import type { GivenOf } from "../../schemas/contract.js";
import { EVENT_SOURCE } from "../../schemas/event.js";
import { JOB_TYPE, type Job, type JobEvent, jobEventContract } from "../../schemas/job-event.js";
import { accept } from "../harness/accept.js";
import type { DefinedProbe } from "../harness/registry.js";
import type { Asked } from "../harness/version.js";
import { OPTION, type OptionRules } from "../support/check-options.js";
import { RequestError } from "../support/request-error.js";
import { violationsOf } from "../support/violations.js";
import type { Message } from "./backend.js";
import { orderedId } from "./ordered-id.js";
import { plainSecrets } from "./plain-secrets.js";
import { readEvent } from "./read-event.js";

export interface JobOptions {
  /** Identifies duplicates; a new one by default, so that no job is one. */
  readonly id?: string;
  readonly key?: string | null;
  /** 0 to 9; higher priorities run first. */
  readonly priority?: number;
  readonly delayMs?: number;
  readonly maxAttempts?: number;
  /** Retry the job if its target failed temporarily. */
  readonly retryFailures?: boolean;
  readonly backoffMs?: number;
  readonly backoffMostMs?: number;
  /** A job that has not begun at this time, in milliseconds since 1970, ends without a run and without a result. */
  readonly notAfter?: number;
}

const LAST_TIME = Date.parse("9999-12-31T23:59:59.999Z");
const A_YEAR_MS = 31_536_000_000;

/** The numbers of the contract of jobs, and what only the store is given. */
export const JOB_OPTION_RULES: OptionRules<JobOptions> = {
  id: OPTION.text,
  key: { expected: "a text or null", fits: (value) => value === null || typeof value === "string" },
  priority: OPTION.wholeUpTo(9, 0),
  delayMs: { expected: "a number of milliseconds from 0 to a year", fits: (value) => typeof value === "number" && value >= 0 && value <= A_YEAR_MS },
  maxAttempts: OPTION.wholeUpTo(1000),
  retryFailures: OPTION.boolean,
  backoffMs: OPTION.wholeUpTo(3_600_000),
  backoffMostMs: OPTION.wholeUpTo(86_400_000),
  notAfter: { expected: "a time in milliseconds since 1970", fits: (value) => typeof value === "number" && value >= 0 && value <= LAST_TIME },
};

/** A job as it is stored. Throws for an input that the probe's contract refuses, with the same violations as the command line. */
export function jobMessage(loaded: DefinedProbe, asked: Asked, input: unknown, options: JobOptions = {}): Message {
  const { version, filled } = accept(loaded, asked, input);
  const secrets = plainSecrets(loaded, version, input);
  if (secrets.length > 0) throw new RequestError("the input contains a secret in plain text: nothing was stored", "invalid_input", secrets);
  const id = options.id ?? orderedId();
  const event = {
    specversion: "1.0",
    id,
    source: EVENT_SOURCE,
    type: JOB_TYPE,
    subject: `${loaded.probe.name}@${version}`,
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    data: { probe: loaded.probe.name, version, input: input as Record<string, unknown>, ...fieldsOf(options) },
  } satisfies GivenOf<typeof jobEventContract>;
  const body = JSON.stringify(event);
  assertFits(event);
  return { id, body, key: event.data.key, priority: event.data.priority, delayMs: options.delayMs ?? 0, weight: loaded.probe.weight?.(filled as never) ?? 1 };
}

function fieldsOf({ key, priority, maxAttempts, retryFailures, backoffMs, backoffMostMs, notAfter }: JobOptions) {
  return {
    key: key ?? null,
    priority: priority ?? 0,
    ...(maxAttempts === undefined ? {} : { max_attempts: maxAttempts }),
    ...(retryFailures === undefined ? {} : { retry_failures: retryFailures }),
    ...(backoffMs === undefined ? {} : { backoff_ms: backoffMs }),
    ...(backoffMostMs === undefined ? {} : { backoff_most_ms: backoffMostMs }),
    ...(notAfter === undefined ? {} : { not_after: new Date(notAfter).toISOString() }),
  };
}

function assertFits(event: unknown): void {
  if (!jobEventContract.validator(event))
    throw new RequestError("the job does not fit its contract", "invalid_input", violationsOf(jobEventContract.faults(event)));
}

/** The job in a message, or what is wrong with it: any writer may have put it there. */
export function readJob(body: string): Job | string {
  const event = readEvent(body);
  if (typeof event === "string") return event;
  if (jobEventContract.validator(event)) return (event as JobEvent).data;
  return `it is not a job: ${violationsOf(jobEventContract.faults(event))
    .map(({ pointer, message }) => `${pointer} ${message}`)
    .join("; ")}`;
}
