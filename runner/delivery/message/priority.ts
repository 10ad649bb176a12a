import type { DeliveryPriority } from "../../../schemas/delivery.js";

/** The lower, the sooner. */
export type Rank = 0 | 1 | 2;

export const RANKS: Readonly<Record<DeliveryPriority, Rank>> = { HIGH: 0, NORMAL: 1, LOW: 2 };
