import type { DeliveryReport } from "../../../schemas/delivery.js";

/**
 * Messages were handled, and what became of them could not be stored where their events go. Sending them again would double them: what is to be
 * told is in `reports`, in the order of the messages.
 */
export class UntoldError extends Error {
  override readonly name = "UntoldError" as const;

  constructor(
    readonly reports: readonly DeliveryReport[],
    override readonly cause: Error,
  ) {
    super(`what became of the messages could not be told: ${cause.message}. They were handled, so do not send them again: see reports`);
  }
}
