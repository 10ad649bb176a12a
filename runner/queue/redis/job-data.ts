import type { JobsOptions } from "bullmq";
import { MAX_WEIGHT, type Message } from "../backend.js";

/** In BullMQ, priority 0 means no priority and goes before all others. So ours begin at 1: priority 9 is BullMQ's 1, and 0 is its 10. */
const LOWEST_PRIORITY = 10;

/**
 * The data of a BullMQ job is the event itself, with what the queue needs to know as CloudEvents extension attributes beside the event's own. A body
 * that is not a JSON object, or that would not be serialised to the same text, is stored as text.
 */
interface QueueAttributes {
  /** What per-key limits count by. */
  readonly queuekey?: string;
  /** How many tokens of a rate it takes; 1 if absent. */
  readonly queueweight?: number;
  readonly queuetext?: string;
}

/** A job as Queue.addBulk expects it. */
export interface NewJob {
  readonly name: string;
  readonly data: object;
  readonly opts: JobsOptions;
}

export function newJobOf({ id, body, key, priority, delayMs, weight = 1 }: Message): NewJob {
  const attributes: QueueAttributes = { ...(key === null ? {} : { queuekey: key }), ...(weight === 1 ? {} : { queueweight: weight }) };
  return {
    name: "message",
    data: { ...(eventIn(body) ?? { queuetext: body }), ...attributes },
    opts: { jobId: jobIdOf(id), priority: LOWEST_PRIORITY - priority, ...(delayMs > 0 ? { delay: Math.ceil(delayMs) } : {}) },
  };
}

function eventIn(body: string): object | null {
  if (!body.startsWith("{")) return null;
  try {
    const event = JSON.parse(body) as object;
    const isReserved = "queuekey" in event || "queueweight" in event || "queuetext" in event;
    return !isReserved && JSON.stringify(event) === body ? event : null;
  } catch {
    // Not JSON, or nested too deeply to be serialised again.
    return null;
  }
}

/** The content of a job. Data that another program added is itself the event. */
export function contentOf(data: unknown): { body: string; key: string | null; weight: number } {
  if (data === null || typeof data !== "object" || Array.isArray(data)) return { body: typeof data === "string" ? data : textOf(data), key: null, weight: 1 };
  const { queuekey, queueweight, queuetext, ...event } = data as QueueAttributes;
  return {
    body: typeof queuetext === "string" ? queuetext : textOf(event),
    key: typeof queuekey === "string" ? queuekey : null,
    weight: typeof queueweight === "number" && queueweight > 0 && queueweight <= MAX_WEIGHT ? queueweight : 1,
  };
}

/** Data that is nested too deeply to be serialised is not an event: its reader rejects the empty body. */
function textOf(data: unknown): string {
  try {
    return JSON.stringify(data) ?? "";
  } catch {
    return "";
  }
}

/**
 * The id of a BullMQ job for a message. It becomes part of a key, next to BullMQ's own keys ("meta", "a:lock"), and BullMQ assigns plain numbers
 * itself.
 */
export function jobIdOf(id: string): string {
  return `m-${id.replace(/[%:]/g, encodeURIComponent)}`;
}

/** A job that another program added keeps its id. */
export function messageIdOf(jobId: string): string {
  return jobId.startsWith("m-") ? jobId.slice(2).replace(/%25|%3A/g, decodeURIComponent) : jobId;
}
