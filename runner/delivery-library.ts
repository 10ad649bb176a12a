import "./capabilities.js";

export type { DeliveryEvent } from "../schemas/delivery-event.js";
// The entry point probe-run/delivery: a delivery service for programs. It is separate from the harness, which starts without it.
export type { DeliveryReport } from "../schemas/delivery-report.js";
export { type BulkOptions, createDelivery, type Delivery, type DeliveryOptions, type MailToSend, type SendOptions } from "./delivery/create-delivery.js";
export type { BlocklistState } from "./delivery/service/blocklist-watch.js";
export { BlocklistedError } from "./delivery/service/blocklisted-error.js";
export { EventDeliveryError } from "./delivery/service/event-delivery-error.js";
export type { EventReceiver } from "./delivery/service/event-dispatcher.js";
export type { DeliveryStats } from "./delivery/service/stats.js";
