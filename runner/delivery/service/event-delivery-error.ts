import type { DeliveryReport } from "../../../schemas/delivery-report.js";

/**
 * Messages were handled, but their events could not be stored. Sending the messages again would duplicate them: the outcomes are in `reports`, in the
 * order of the messages.
 */
export class EventDeliveryError extends Error {
  override readonly name = "EventDeliveryError" as const;

  constructor(
    readonly reports: readonly DeliveryReport[],
    override readonly cause: Error,
  ) {
    super(`the events could not be delivered: ${cause.message}. The messages were handled, so do not send them again: see reports`);
  }
}
