/** direct: to the mail hosts of each recipient. relay: to a smarthost. hybrid, smart: either; delivery-settings.ts has the rules. */
export const DELIVERY_MODES = ["direct", "relay", "hybrid", "smart"] as const;
export type DeliveryMode = (typeof DELIVERY_MODES)[number];

export const DELIVERY_WAYS = ["direct", "relay"] as const;
export type DeliveryWay = (typeof DELIVERY_WAYS)[number];

/** Why this route was chosen for a recipient. */
export const WAY_REASONS = ["configured", "fallback", "learned", "explored", "nothing_known"] as const;
export type WayReason = (typeof WAY_REASONS)[number];
