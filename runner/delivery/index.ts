// What probe-run/delivery gives: a delivery service for programs. It is apart from the harness, which starts without it.
export type { DeliveryReport } from "../../schemas/delivery.js";
export type { DeliveryEvent } from "../../schemas/delivery-event.js";
export { type BulkOptions, createDelivery, type Delivery, type DeliveryOptions, type MailToSend, type SendOptions } from "./create-delivery.js";
export type { BlocklistState } from "./service/blocklist-watch.js";
export { BlocklistedError } from "./service/blocklisted-error.js";
export type { DeliveryStats } from "./service/stats.js";
export type { EventReceiver } from "./service/teller.js";
export { UntoldError } from "./service/untold-error.js";
