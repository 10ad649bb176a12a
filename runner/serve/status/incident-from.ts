import type { IncidentRow } from "../../history/days.js";
import type { StatusIncident } from "../../report/incident-list.js";

export function incidentFrom({ name, opened_at, closed_at, is_flapping, reason }: IncidentRow, isPublic: boolean): StatusIncident {
  return { name, openedAt: opened_at, closedAt: closed_at, isFlapping: is_flapping !== 0, reason: isPublic ? null : reason };
}
