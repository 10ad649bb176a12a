import { contract, type FilledOf } from "./contract.js";
import { eventOf } from "./event.js";

export const JOB_TYPE = "probe-run.job";

/** A probe run to be queued, with its retry settings. */
const jobSchema = {
  type: "object",
  properties: {
    probe: {
      type: "string",
      pattern: "^[a-z0-9][a-z0-9._-]*$",
      maxLength: 128,
      description: "The probe's name; never a path, because a job must not choose the code that a worker loads.",
    },
    version: { type: "string", pattern: "^\\d+\\.\\d+\\.\\d+$", maxLength: 32, description: "The full version of the probe whose input contract applies." },
    input: { type: "object", description: "The probe's input, with references in place of secrets." },
    key: { type: ["string", "null"], maxLength: 512, default: null, description: "The key that per-key limits count by." },
    priority: { type: "integer", minimum: 0, maximum: 9, default: 0, description: "Higher goes first." },
    max_attempts: { type: "integer", minimum: 1, maximum: 1000, default: 5 },
    retry_failures: { type: "boolean", default: false, description: "Retry the job if the target failed temporarily (failure.retryable)." },
    backoff_ms: {
      type: "integer",
      minimum: 1,
      maximum: 3_600_000,
      default: 1000,
      description: "Maximum delay before the second attempt; it doubles with each attempt.",
    },
    not_after: {
      type: ["string", "null"],
      pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,6})?Z$",
      maxLength: 32,
      default: null,
      description: "A job that has not begun at this time (UTC) ends without a run and without a result. Null: it never expires.",
    },
    backoff_most_ms: { type: "integer", minimum: 1, maximum: 86_400_000, default: 300_000 },
  },
  required: ["probe", "version", "input"],
  additionalProperties: false,
} as const;

const schema = eventOf(JOB_TYPE, jobSchema);

export const jobEventContract = contract(schema);

export type JobEvent = FilledOf<typeof jobEventContract>;
export type Job = JobEvent["data"];
