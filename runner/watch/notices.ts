import type { GivenOf } from "../../schemas/contract.js";
import { EVENT_SOURCE } from "../../schemas/event.js";
import { INCIDENT_TYPE, type IncidentEvent, type IncidentKind, type incidentEventContract } from "../../schemas/incident-event.js";
import type { Notification } from "../history/outbox.js";
import type { Receiver } from "./receivers/receiver.js";
import type { NamedCheck } from "./reported-check.js";
import type { Outcome } from "./state.js";

export interface Notice {
  readonly kind: IncidentKind;
  readonly incident: number;
  /** There is one incident, however often the history begins anew. */
  readonly isOnly?: true;
  /** With the incident it names the notice: a number, or r1, r2 … for reminders. */
  readonly transition: string;
  readonly at: number;
  readonly openedAt: number;
  readonly isFlapping: boolean;
  readonly outcome: Outcome;
  readonly reason: string | null;
}

const MOST_REASON = 2000;

/** What each of these receivers gets. The id does not depend on when or how often it is sent. */
export function notificationsOf(suite: string, check: NamedCheck, notice: Notice, receivers: readonly Receiver[]): Notification[] {
  const event = eventOf(suite, check, notice);
  const body = JSON.stringify(event);
  return receivers.filter(({ on }) => wants(on, notice.kind)).map(({ key }) => ({ id: event.id, receiver: key, body }));
}

export function eventOf(suite: string, check: NamedCheck, notice: Notice): IncidentEvent {
  const id = `${check.key}:${incidentName(notice)}:${notice.transition}`;
  const { target, name, check: written } = check.planned;
  return {
    specversion: "1.0",
    id,
    source: EVENT_SOURCE,
    type: INCIDENT_TYPE,
    subject: check.name.slice(0, 512),
    time: new Date(notice.at).toISOString(),
    datacontenttype: "application/json",
    dataschema: "urn:probe-run:incident",
    data: {
      kind: notice.kind,
      suite,
      check: name,
      target,
      probe: written.probe,
      incident: notice.incident,
      opened_time: new Date(notice.openedAt).toISOString(),
      is_flapping: notice.isFlapping,
      outcome: notice.outcome,
      reason: notice.reason === null ? null : notice.reason.slice(0, MOST_REASON),
    },
  } satisfies GivenOf<typeof incidentEventContract>;
}

/** With its moment: numbers begin again when a check was removed and is back, and with a new history. Receivers drop what has a known id. */
function incidentName({ incident, openedAt, isOnly }: Notice): string {
  return isOnly === true ? String(incident) : `${incident}-${Math.floor(openedAt / 1000)}`;
}

/** Removing a check closes its incident, and a reminder is made for those who heard of the incident. */
function wants(on: ReadonlySet<string>, kind: IncidentKind): boolean {
  return kind === "reminder" || on.has(kind === "removed" ? "recovered" : kind);
}
