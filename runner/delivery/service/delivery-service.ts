import { randomUUID } from "node:crypto";
import type { DeliveryReport } from "../../../schemas/delivery.js";
import { deliverySettings } from "../../../schemas/delivery.js";
import { type ReferencePath, referencePaths } from "../../harness/reference-paths.js";
import { resolveReferences } from "../../harness/references.js";
import type { Signer } from "../../mail/dkim/signer.js";
import { randomSeed, seededRandom } from "../../net/dns/shuffle.js";
import { monotonic } from "../../run/clock.js";
import { Deadline } from "../../run/deadline.js";
import { SecretKeeper } from "../../run/secret-keeper.js";
import { Engine } from "../engine.js";
import { LedgerAt } from "../ledger/lazy-ledger.js";
import type { Order } from "../message/outbound-message.js";
import { signerOf } from "../message/signer-of.js";
import { reportOf } from "../outcome/report.js";
import { firstTry } from "../outcome/schedule.js";
import { warmUpDays } from "../route/warm-up-quota.js";
import { BlocklistWatch } from "./blocklist-watch.js";
import { checkMail } from "./check-mail.js";
import type { BulkOptions, Delivery, Listening, MailToSend, SendOptions } from "./delivery.js";
import { engineMetrics, warmUpMetrics } from "./engine-metrics.js";
import { checkHandOver, handOver } from "./enqueue-remaining.js";
import { UntoldError } from "./event-delivery-error.js";
import { Teller } from "./event-dispatcher.js";
import { eventsOf } from "./events.js";
import { orderOf } from "./message-from-mail.js";
import { Meter } from "./metrics.js";
import type { GivenOptions, ServiceOptions } from "./options.js";
import { type DeliveryStats, Tally } from "./stats.js";

const PATHS: readonly ReferencePath[] = referencePaths({ properties: deliverySettings });
const MOST_AT_ONCE = 1000;

export class DeliveryService implements Delivery {
  readonly #engine: Engine;
  readonly #tally = new Tally();
  readonly #meter = new Meter();
  readonly #secrets = new SecretKeeper();
  readonly #closing = new AbortController();
  readonly #random = seededRandom(randomSeed());
  readonly #underWay = new Map<Deadline, Promise<unknown>>();
  /** Null where it is not asked for. */
  readonly #blocklists: BlocklistWatch | null;
  #signer: Signer | null = null;
  #teller: Teller | null = null;
  /** Null once everything is there that the first message needs. */
  #preparing: Promise<void> | null;

  constructor(
    readonly options: ServiceOptions,
    /** As they were given, with references in the place of secrets. */
    readonly given: GivenOptions,
    readonly listening: Listening,
  ) {
    this.#engine = new Engine(new LedgerAt(options.ledger ?? null));
    this.#blocklists = options.blocklists === false ? null : new BlocklistWatch(options, listening.onTrouble);
    this.#preparing = this.#prepare();
    // Whoever sends is told; nobody else asks.
    this.#preparing.catch(() => undefined);
  }

  async send(mail: MailToSend, { signal }: SendOptions = {}): Promise<DeliveryReport> {
    if (this.#preparing !== null) await this.#preparing;
    if (this.#closing.signal.aborted) throw new Error("this delivery service has been closed");
    const deadline = new Deadline(this.options.timeout_ms, signal);
    const sending = this.#send(mail, deadline);
    this.#underWay.set(deadline, sending);
    try {
      return await sending;
    } finally {
      this.#underWay.delete(deadline);
    }
  }

  async #send(mail: MailToSend, deadline: Deadline): Promise<DeliveryReport> {
    const began = monotonic();
    try {
      const order = await orderOf(mail, { options: this.options, secrets: this.#secrets, signer: this.#signer, random: this.#random, deadline });
      await this.#engine.deliver(order);
      const told = await this.#reported(mail, order);
      const report = this.#secrets.maskAll(told);
      this.#tally.count(report);
      this.#meter.count(report, monotonic() - began);
      await this.#tell(mail, report);
      return report;
    } finally {
      deadline.release();
    }
  }

  /** What may pass is queued where the queue has taken it. Where it could not, the rest of what happened is told all the same. */
  async #reported(mail: MailToSend, order: Order): Promise<DeliveryReport> {
    const { mode, retry } = this.options;
    const { queue, onTrouble } = this.listening;
    const report = (isQueued: boolean): DeliveryReport =>
      reportOf({ mode, order, recipients: order.recipients, retry, random: this.#random, progress: firstTry(isQueued) });
    if (queue === null) return report(false);
    const told = report(true);
    try {
      await handOver(queue, this.given, mail, order.mail, told);
      return told;
    } catch (error) {
      onTrouble(error);
      return report(false);
    }
  }

  async sendBulk(mails: Iterable<MailToSend>, { concurrency = MOST_AT_ONCE, ...options }: BulkOptions = {}): Promise<DeliveryReport[]> {
    const reports: DeliveryReport[] = [];
    const all = [...mails];
    // One that is wrong is told before any is sent: afterwards nobody would hear of the others.
    for (const mail of all) checkMail(mail);
    const numbered = all.entries();
    let untold: Error | null = null;
    const work = async (): Promise<void> => {
      for (const [index, mail] of numbered) {
        try {
          reports[index] = await this.send(mail, options);
        } catch (error) {
          if (!(error instanceof UntoldError)) throw error;
          reports[index] = error.reports[0] as DeliveryReport;
          untold ??= error.cause;
        }
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    if (untold !== null) throw new UntoldError(reports, untold);
    return reports;
  }

  stats(): DeliveryStats {
    const shown = this.#tally.shown(this.#engine, this.options.mode, !this.#closing.signal.aborted);
    return { ...shown, blocklists: this.#blocklists?.shown() ?? null };
  }

  metrics(): string {
    const lines = [
      ...this.#meter.lines(),
      ...engineMetrics(this.#engine),
      ...warmUpMetrics(warmUpDays(this.#engine, this.options)),
      ...(this.#blocklists?.metrics() ?? []),
    ];
    return `${lines.join("\n")}\n`;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const sendings = [...this.#underWay];
    for (const [deadline] of sendings) deadline.end("cancelled");
    // What was decided of them until now is still to be told.
    await Promise.allSettled(sendings.map(([, sending]) => sending));
    this.#engine.close();
    await this.#preparing?.catch(() => undefined);
    await this.#blocklists?.close();
    await this.#teller?.close();
  }

  /** What is wrong with the options, or with the receiver of events, is told before anything is sent. */
  async #prepare(): Promise<void> {
    const { options, listening } = this;
    if (listening.queue !== null) await checkHandOver(this.given);
    await resolveReferences(options, PATHS, this.#secrets, this.#closing.signal);
    this.#signer = signerOf(options.dkim, options.dkim_folder ?? null);
    const telling = { patienceMs: options.events_timeout_ms, onTrouble: listening.onTrouble, givingUp: this.#closing.signal };
    this.#teller = listening.events === null ? null : await Teller.open(listening.events, telling);
    this.#preparing = null;
  }

  async #tell({ mail_from: from, id = randomUUID() }: MailToSend, report: DeliveryReport): Promise<void> {
    if (this.#teller === null) return;
    try {
      await this.#teller.tell(eventsOf(report, { deliveryId: id, mailFrom: this.#secrets.mask(from) }));
    } catch (error) {
      throw new UntoldError([report], error as Error);
    }
  }
}
