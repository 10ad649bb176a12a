import type { DeliveryClass } from "../../../schemas/delivery-outcome.js";

/** Permanent: the next message would get the same reply. */
export const PERMANENT_CLASSES: ReadonlySet<DeliveryClass> = new Set(["address", "mailbox_disabled"]);
