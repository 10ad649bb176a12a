import type { Consumed } from "../../queue/consumer.js";

/** Hands an event on. Resolves with null when it was taken, else with why it was not. */
export type HandOn = (consumed: Consumed) => Promise<string | null>;
