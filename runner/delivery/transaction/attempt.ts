import type { DeliveryAttempt } from "../../../schemas/delivery-attempt.js";
import type { Failure } from "../../../schemas/failure.js";
import type { Endpoint } from "../../mail-sites/endpoint.js";
import { monotonic, round, utc } from "../../run/clock.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import type { Recipient } from "../message/recipient.js";
import type { Destination } from "../route/destination.js";
import { AttemptRecorder } from "./attempt-recorder.js";

/** One attempt at one host, while it is made. Results are written to `record` at once, so that they survive a later failure. */
export class Attempt {
  readonly record: DeliveryAttempt;
  readonly recorder: AttemptRecorder;
  readonly #began = monotonic();

  constructor(message: OutboundMessage, destination: Destination, { host, ipAddress, port }: Endpoint, recipients: readonly Recipient[]) {
    const { way, site, sourceAddress, policyProblem } = destination;
    const tls = destination.tlsOf(host);
    this.recorder = new AttemptRecorder(message.run.recorder);
    this.record = {
      way,
      site,
      host,
      ip_address: ipAddress,
      port,
      source_address: sourceAddress,
      reused: false,
      began: utc(this.#began),
      at_ms: round(this.#began - this.recorder.began),
      duration_ms: 0,
      tls: "none",
      tls_version: null,
      tls_policy: tls?.source ?? null,
      tls_result: tls?.violation?.type ?? policyProblem,
      recipients: recipients.map(({ index }) => index),
      outcome: "not_connected",
      ended_at: null,
      code: null,
      message: null,
      operations: this.recorder.operations,
    };
    const index = message.attempts.push(this.record) - 1;
    for (const recipient of recipients) recipient.attempts.push(index);
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
