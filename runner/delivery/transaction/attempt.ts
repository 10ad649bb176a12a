import type { DeliveryAttempt } from "../../../schemas/delivery.js";
import type { Failure } from "../../../schemas/failure.js";
import { monotonic, round, utc } from "../../run/clock.js";
import type { Order } from "../message/outbound-message.js";
import type { Recipient } from "../message/recipient.js";
import type { Destination } from "../route/destination.js";
import { AttemptRecorder } from "./attempt-recorder.js";

/** One try with one host, while it is made. What is learned stands in `record` at once, so that it survives whatever follows. */
export class Attempt {
  readonly record: DeliveryAttempt;
  readonly recorder: AttemptRecorder;
  readonly #began = monotonic();

  constructor(
    order: Order,
    { way, site, sourceAddress }: Destination,
    host: { host: string; ipAddress: string | null; port: number },
    recipients: readonly Recipient[],
  ) {
    this.recorder = new AttemptRecorder(order.run.recorder);
    this.record = {
      way,
      site,
      host: host.host,
      ip_address: host.ipAddress,
      port: host.port,
      source_address: sourceAddress,
      reused: false,
      began: utc(this.#began),
      at_ms: round(this.#began - this.recorder.began),
      duration_ms: 0,
      tls: "none",
      tls_version: null,
      tls_policy: null,
      tls_result: null,
      recipients: recipients.map(({ index }) => index),
      outcome: "not_connected",
      ended_at: null,
      code: null,
      message: null,
      operations: this.recorder.operations,
    };
    const place = order.attempts.push(this.record) - 1;
    for (const recipient of recipients) recipient.attempts.push(place);
  }

  end(outcome: DeliveryAttempt["outcome"], failure: Failure | null): void {
    const { record } = this;
    record.outcome = outcome;
    record.duration_ms = round(monotonic() - this.#began);
    if (failure === null) return;
    record.ended_at = failure.phase;
    record.code = failure.reply_code;
    record.message = failure.message;
  }
}
