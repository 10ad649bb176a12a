import type { DeliveryClass } from "../../../schemas/delivery.js";

/** Of these the next message would hear the same. */
export const LASTING: ReadonlySet<DeliveryClass> = new Set(["address", "mailbox_disabled"]);
