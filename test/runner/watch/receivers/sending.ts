import { readSuite } from "../../../../runner/suite/read.js";
import type { Notice } from "../../../../runner/watch/notices.js";
import { eventOf } from "../../../../runner/watch/notices.js";
import type { Batch } from "../../../../runner/watch/receivers/deliverer.js";
import { type WatchedCheck, watchPlanOf } from "../../../../runner/watch/watch-plan.js";
import type { IncidentEvent } from "../../../../schemas/incident-event.js";

const SUITE = `name: our mail
targets: { mx1: { target_host: 127.0.0.1 }, mx2: { target_host: 127.0.0.2 } }
checks:
  - { probe: network.tcp, name: port, input: { target_port: 25 } }
`;

/** Events of incidents, as the book makes them. */
export async function incidents(): Promise<(target: string, kind: Notice["kind"], fields?: Partial<Notice>) => IncidentEvent> {
  const { suite, checks } = await watchPlanOf(await readSuite("checks.yaml", SUITE, {}));
  const openedAt = Date.now() - 60_000;
  return (target, kind, fields = {}) => {
    const check = checks.find(({ planned }) => planned.target === target) as WatchedCheck;
    const transition = kind === "error" ? "1" : "2";
    const outcome = kind === "recovered" ? "ok" : "error";
    const reason = kind === "recovered" ? null : "refused in connect";
    const usual = { incident: 1, transition, at: Date.now(), openedAt, isFlapping: false, outcome, reason } as const;
    return eventOf(suite, check, { ...usual, kind, ...fields });
  };
}

export function batchOf(events: readonly IncidentEvent[], isRepeated = false): Batch {
  return { id: events[0]?.id as string, notifications: events.map((event) => ({ id: event.id, body: JSON.stringify(event) })), isRepeated };
}
