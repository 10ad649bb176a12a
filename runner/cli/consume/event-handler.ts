import type { ClaimedEvent } from "../../queue/consumer.js";

/** Delivers an event. Resolves with null if it was accepted, otherwise with the reason. */
export type EventHandler = (event: ClaimedEvent) => Promise<string | null>;
