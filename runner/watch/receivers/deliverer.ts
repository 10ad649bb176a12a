import type { IncidentEvent } from "../../../schemas/incident-event.js";

/** Notifications that are sent together. */
export interface Batch {
  /** The same whenever the same batch is sent. */
  readonly id: string;
  readonly notifications: readonly { readonly id: string; readonly body: string }[];
  /** An earlier attempt was made, and may have arrived. */
  readonly isRepeated: boolean;
}

/** Hands batches to one receiver. */
export interface Deliverer {
  /** Resolves when the receiver has taken it. A QueueError "refused" that is not of every message says that it does not want this one; anything else is tried again. */
  deliver(batch: Batch): Promise<void>;
  /** For a receiver that drops what is not repeated: called at intervals with all open incidents. */
  readonly refresh: { readonly everyMs: number; send(open: readonly IncidentEvent[]): Promise<void> } | null;
  close(): void;
}

export function eventsOf({ notifications }: Batch): IncidentEvent[] {
  return notifications.map(({ body }) => JSON.parse(body) as IncidentEvent);
}
