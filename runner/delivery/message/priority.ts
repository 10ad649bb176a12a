import type { DeliveryPriority } from "../../../schemas/delivery-message.js";

/** Lower ranks are sent sooner. */
export type Priority = 0 | 1 | 2;

export const PRIORITIES: Readonly<Record<DeliveryPriority, Priority>> = { HIGH: 0, NORMAL: 1, LOW: 2 };
