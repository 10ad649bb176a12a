import { contract, type FilledOf } from "./contract.js";
import { nullable, record } from "./shape.js";

const time = (description: string) => ({ type: "string", description: `${description}, in UTC.` }) as const;
const outcome = { enum: ["ok", "warning", "error", "unknown", "suppressed", "maintenance"], description: "The newest result." } as const;
const key = { type: "string", pattern: "^[0-9a-f]{16}$", description: "Stays the same while suite, target and name do." } as const;

const incidentInCheck = record({
  number: { type: "integer", description: "Counts the incidents of the check." },
  opened_time: time("When the result began that opened it"),
  is_flapping: { type: "boolean", description: "The check changes too often." },
});

const check = record({
  key,
  name: { type: "string", description: "The check's name in the suite, after its target." },
  target: nullable({ type: "string" }, "The target's name in the suite; null without one, and for the public, as are probe and reason."),
  probe: nullable({ type: "string" }, "The probe, with a version or without."),
  outcome,
  last_time: nullable({ type: "string" }, "When the newest result began, in UTC; null before the first."),
  reason: nullable({ type: "string" }, "Why the newest result is not ok; null if it is, or is from before a restart."),
  incident: { anyOf: [incidentInCheck, { type: "null" }], description: "The open incident; null without one." },
});

const incident = record({
  key,
  check: { type: "string", description: "The check's name." },
  number: { type: "integer", description: "Counts the incidents of the check." },
  opened_time: time("When the result began that opened it"),
  closed_time: nullable({ type: "string" }, "When the result began that closed it, in UTC; null while it is open."),
  is_flapping: { type: "boolean", description: "The check changes too often." },
  reason: nullable({ type: "string" }, "Why it was opened; null for the public."),
});

const day = record({
  fine: { type: "integer", description: "Results that were ok or warning." },
  failed: { type: "integer", description: "Results that were error." },
  unmeasured: { type: "integer", description: "Results that were unknown, suppressed or maintenance." },
});

const result = record({
  time: time("When it began"),
  outcome,
  duration_ms: nullable({ type: "number" }, "The whole run; null if it was not run to its end, and for the public."),
});

export const checksContract = contract(
  record({ suite: { type: "string" }, checks: { type: "array", items: check, description: "Those with an incident first." } }),
);
export const checkContract = contract(
  record({
    suite: { type: "string" },
    check,
    days: {
      type: "array",
      items: { anyOf: [day, { type: "null" }] },
      description: "The last 90 days in UTC, the oldest first; null for a day without results.",
    },
    incidents: { type: "array", items: incident, description: "The newest first." },
  }),
);
export const resultsContract = contract(record({ key, results: { type: "array", items: result, description: "The newest first." } }));
export const incidentsContract = contract(
  record({ suite: { type: "string" }, incidents: { type: "array", items: incident, description: "The newest first." } }),
);

export type ChecksAnswer = FilledOf<typeof checksContract>;
export type CheckAnswer = FilledOf<typeof checkContract>;
export type ResultsAnswer = FilledOf<typeof resultsContract>;
export type IncidentsAnswer = FilledOf<typeof incidentsContract>;
export type CheckView = ChecksAnswer["checks"][number];
export type IncidentView = IncidentsAnswer["incidents"][number];
