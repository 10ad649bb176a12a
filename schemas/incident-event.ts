import { contract, type FilledOf } from "./contract.js";
import { eventOf } from "./event.js";
import { nullable, record } from "./shape.js";

export const INCIDENT_TYPE = "probe-run.incident";

const data = record({
  kind: {
    enum: ["error", "flapping", "unknown", "recovered", "removed", "reminder"],
    description: "error, flapping and unknown (it cannot be run) open an incident or change it; recovered and removed close it.",
  },
  suite: { type: "string" },
  check: { type: "string", description: "The check's name in the suite." },
  target: nullable({ type: "string" }, "The target's name in the suite; null where the suite has none."),
  probe: { type: "string" },
  incident: { type: "integer", description: "Counts the incidents of the check." },
  opened_time: { type: "string", description: "When the result began that opened the incident, in UTC." },
  is_flapping: { type: "boolean", description: "The check changes too often: the incident stays open until it was quiet." },
  outcome: { enum: ["ok", "warning", "error", "unknown", "suppressed", "maintenance"], description: "Of the newest result." },
  reason: nullable({ type: "string" }, "What was not as expected in the newest result; null if all was."),
});

/** A change of an incident, for receivers of notifications. The id is the same whenever the same change is sent. */
const schema = eventOf(INCIDENT_TYPE, data);

export const incidentEventContract = contract(schema);
export type IncidentEvent = FilledOf<typeof incidentEventContract>;
export type IncidentKind = IncidentEvent["data"]["kind"];
