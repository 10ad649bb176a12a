import { randomUUID } from "node:crypto";
import type { DeliveryReport } from "../../../schemas/delivery-report.js";
import { deliverySettings } from "../../../schemas/delivery-settings.js";
import { type ReferencePath, referencePaths } from "../../harness/reference-paths.js";
import { resolveReferences } from "../../harness/references.js";
import type { Signer } from "../../mail/dkim/signer.js";
import { randomSeed, seededRandom } from "../../net/dns/shuffle.js";
import { monotonic } from "../../run/clock.js";
import { Deadline } from "../../run/deadline.js";
import { SecretKeeper } from "../../run/secret-keeper.js";
import { Engine } from "../engine.js";
import { LazyLedger } from "../ledger/lazy-ledger.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import { signerOf } from "../message/signer-of.js";
import { reportOf } from "../outcome/report.js";
import { firstTry } from "../outcome/schedule.js";
import { RouteStatistics, routesFile } from "../route/route-statistics.js";
import { warmUpDays } from "../route/warm-up-quota.js";
import { BlocklistWatch } from "./blocklist-watch.js";
import { checkMail, wrongMail } from "./check-mail.js";
import type { BulkOptions, Delivery, Integrations, MailToSend, SendOptions } from "./delivery.js";
import { engineMetrics, warmUpMetrics } from "./engine-metrics.js";
import { checkEnqueueing, enqueueRemaining } from "./enqueue-remaining.js";
import { EventDeliveryError } from "./event-delivery-error.js";
import { EventDispatcher } from "./event-dispatcher.js";
import { eventsOf } from "./events.js";
import { messageFromMail } from "./message-from-mail.js";
import { DeliveryMetrics } from "./metrics.js";
import { checkSettings, type GivenOptions, type ServiceOptions } from "./options.js";
import { DeliveryCounters, type DeliveryStats } from "./stats.js";

const PATHS: readonly ReferencePath[] = referencePaths({ properties: deliverySettings });
const DEFAULT_CONCURRENCY = 1000;

export class DeliveryService implements Delivery {
  readonly #engine: Engine;
  readonly #counters = new DeliveryCounters();
  readonly #metrics = new DeliveryMetrics();
  readonly #secrets = new SecretKeeper();
  readonly #closing = new AbortController();
  readonly #random = seededRandom(randomSeed());
  readonly #inProgress = new Map<Deadline, Promise<unknown>>();
  /** Null if it is not configured. */
  readonly #blocklists: BlocklistWatch | null;
  #signer: Signer | null = null;
  #events: EventDispatcher | null = null;
  /** Null once everything that the first message needs is ready. */
  #preparing: Promise<void> | null;

  constructor(
    readonly options: ServiceOptions,
    /** As given, with references instead of secrets. */
    readonly given: GivenOptions,
    readonly integrations: Integrations,
  ) {
    this.#engine = new Engine({ ledger: new LazyLedger(options.ledger ?? null), statistics: new RouteStatistics(options.routes ?? routesFile({})) });
    this.#blocklists = options.blocklists === false ? null : new BlocklistWatch(options, integrations.onTrouble);
    this.#preparing = this.#prepare();
    // send() rejects with it.
    this.#preparing.catch(() => undefined);
  }

  async send(mail: MailToSend, { signal }: SendOptions = {}): Promise<DeliveryReport> {
    if (this.#preparing !== null) await this.#preparing;
    if (this.#closing.signal.aborted) throw new Error("this delivery service has been closed");
    const deadline = new Deadline(this.options.timeout_ms, signal);
    const sending = this.#send(mail, deadline);
    this.#inProgress.set(deadline, sending);
    try {
      return await sending;
    } finally {
      this.#inProgress.delete(deadline);
    }
  }

  async #send(mail: MailToSend, deadline: Deadline): Promise<DeliveryReport> {
    const began = monotonic();
    try {
      const context = { options: this.options, secrets: this.#secrets, signer: this.#signer, random: this.#random, deadline };
      const message = await messageFromMail(mail, context);
      await this.#engine.deliver(message);
      const report = this.#secrets.maskAll(await this.#report(mail, message));
      this.#counters.count(report);
      this.#metrics.count(report, monotonic() - began);
      await this.#dispatch(mail, report);
      return report;
    } finally {
      deadline.release();
    }
  }

  /** Recipients to retry are queued if the queue accepts them. If it does not, the rest is reported all the same. */
  async #report(mail: MailToSend, message: OutboundMessage): Promise<DeliveryReport> {
    const { mode, retry } = this.options;
    const { queue, onTrouble } = this.integrations;
    const report = (isQueued: boolean): DeliveryReport =>
      reportOf({ mode, message, recipients: message.recipients, retry, random: this.#random, progress: firstTry(isQueued) });
    if (queue === null) return report(false);
    const queued = report(true);
    try {
      await enqueueRemaining(queue, this.given, mail, message.prepared, queued);
      return queued;
    } catch (error) {
      onTrouble(error);
      return report(false);
    }
  }

  async sendBulk(mails: Iterable<MailToSend>, { concurrency = DEFAULT_CONCURRENCY, ...options }: BulkOptions = {}): Promise<DeliveryReport[]> {
    const reports: DeliveryReport[] = [];
    if (typeof (mails as Iterable<MailToSend> | null)?.[Symbol.iterator] !== "function") throw wrongMail("", "must be a list of messages");
    const all = [...mails];
    // A wrong message is reported before any is sent: later, the reports of the others would be lost.
    for (const mail of all) checkMail(mail);
    const numbered = all.entries();
    let undispatched: Error | null = null;
    const work = async (): Promise<void> => {
      for (const [index, mail] of numbered) {
        try {
          reports[index] = await this.send(mail, options);
        } catch (error) {
          if (!(error instanceof EventDeliveryError)) throw error;
          reports[index] = error.reports[0] as DeliveryReport;
          undispatched ??= error.cause;
        }
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    if (undispatched !== null) throw new EventDeliveryError(reports, undispatched);
    return reports;
  }

  stats(): DeliveryStats {
    const { router } = this.#engine;
    return { ...this.#counters.shown(router, this.options.mode, !this.#closing.signal.aborted), blocklists: this.#blocklists?.shown() ?? null };
  }

  metrics(): string {
    const lines = [
      ...this.#metrics.lines(),
      ...engineMetrics(this.#engine.router),
      ...warmUpMetrics(warmUpDays(this.#engine.ledger, this.options)),
      ...(this.#blocklists?.metrics() ?? []),
    ];
    return `${lines.join("\n")}\n`;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const inProgress = [...this.#inProgress];
    for (const [deadline] of inProgress) deadline.end("cancelled");
    // Their outcomes so far are still reported.
    await Promise.allSettled(inProgress.map(([, sending]) => sending));
    this.#engine.close();
    await this.#preparing?.catch(() => undefined);
    await this.#blocklists?.close();
    await this.#events?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Errors of the options or the event receiver are reported before anything is sent. */
  async #prepare(): Promise<void> {
    const { options, integrations } = this;
    if (integrations.queue !== null) await checkEnqueueing(this.given);
    await resolveReferences(options, PATHS, this.#secrets, this.#closing);
    checkSettings(options);
    this.#signer = signerOf(options.dkim, options.dkim_folder ?? null);
    const dispatching = { retryForMs: options.events_timeout_ms, onTrouble: integrations.onTrouble, givingUp: this.#closing.signal };
    this.#events = integrations.events === null ? null : await EventDispatcher.open(integrations.events, dispatching);
    this.#preparing = null;
  }

  async #dispatch({ mail_from: from, id = randomUUID() }: MailToSend, report: DeliveryReport): Promise<void> {
    if (this.#events === null) return;
    try {
      await this.#events.dispatch(eventsOf(report, { deliveryId: id, mailFrom: this.#secrets.mask(from) }));
    } catch (error) {
      throw new EventDeliveryError([report], error as Error);
    }
  }
}
