import { randomUUID } from "node:crypto";
import type { DeliveryReport, GivenLetter } from "../../schemas/delivery.js";
import { deliverySettings } from "../../schemas/delivery.js";
import { resolved } from "../../schemas/secret.js";
import { monotonic } from "../clock.js";
import type { RunState } from "../context.js";
import { Deadline } from "../deadline.js";
import { FailureError } from "../failure-error.js";
import type { Signer } from "../mail/dkim/signer.js";
import { newMessageId } from "../mail/message-id.js";
import { resolverGrant } from "../net/dns/grant.js";
import { randomSeed, seededRandom } from "../net/dns/shuffle.js";
import { type Mailbox, parseSender } from "../net/smtp/mailbox.js";
import { Recorder } from "../recorder.js";
import { type ReferencePath, referencePaths, resolveReferences } from "../references.js";
import { RequestError } from "../request-error.js";
import { SecretKeeper } from "../secret-keeper.js";
import type { BulkOptions, Delivery, Listening, MailToSend, SendOptions } from "./delivery.js";
import { dsnWords } from "./dsn-wish.js";
import { Engine } from "./engine.js";
import { engineMetrics, warmUpMetrics } from "./engine-metrics.js";
import { eventsOf } from "./events.js";
import { LedgerAt } from "./ledger/ledger-at.js";
import { letterOf } from "./letter.js";
import { mailOf } from "./mail.js";
import { Meter } from "./meter.js";
import type { ServiceOptions } from "./options.js";
import type { Order } from "./order.js";
import { RANKS } from "./rank.js";
import { recipientOf } from "./recipient.js";
import { reportOf } from "./report.js";
import { onlyTry } from "./schedule.js";
import { signerOf } from "./signer-of.js";
import { type DeliveryStats, Tally } from "./stats.js";
import { Teller } from "./teller.js";
import { UntoldError } from "./untold-error.js";
import { warmUpDays } from "./warm-up-room.js";

const PATHS: readonly ReferencePath[] = referencePaths({ properties: deliverySettings });
const MOST_AT_ONCE = 1000;
/** What an event has room for. */
const MOST_ID_CHARACTERS = 128;

export class DeliveryService implements Delivery {
  readonly #engine: Engine;
  readonly #tally = new Tally();
  readonly #meter = new Meter();
  readonly #secrets = new SecretKeeper();
  readonly #closing = new AbortController();
  readonly #random = seededRandom(randomSeed());
  readonly #underWay = new Map<Deadline, Promise<unknown>>();
  #signer: Signer | null = null;
  #teller: Teller | null = null;
  /** Null once everything is there that the first message needs. */
  #preparing: Promise<void> | null;

  constructor(
    readonly options: ServiceOptions,
    readonly listening: Listening,
  ) {
    this.#engine = new Engine(new LedgerAt(options.ledger ?? null));
    this.#preparing = this.#prepare();
    // Whoever sends is told; nobody else asks.
    this.#preparing.catch(() => undefined);
  }

  async send(mail: MailToSend, { signal }: SendOptions = {}): Promise<DeliveryReport> {
    if (this.#closing.signal.aborted) throw new Error("this delivery service has been closed");
    if (this.#preparing !== null) await this.#preparing;
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
      const order = await this.#orderOf(mail, deadline);
      await this.#engine.deliver(order);
      const { mode, retry } = this.options;
      const told = reportOf({ mode, order, recipients: order.recipients, retry, random: this.#random, progress: onlyTry() });
      const report = this.#secrets.maskAll(told);
      this.#tally.count(report);
      this.#meter.count(report, monotonic() - began);
      await this.#tell(mail, report);
      return report;
    } finally {
      deadline.release();
    }
  }

  async sendBulk(mails: Iterable<MailToSend>, { concurrency = MOST_AT_ONCE, ...options }: BulkOptions = {}): Promise<DeliveryReport[]> {
    const reports: DeliveryReport[] = [];
    const numbered = [...mails].entries();
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
    return this.#tally.shown(this.#engine, this.options.mode, !this.#closing.signal.aborted);
  }

  metrics(): string {
    const lines = [...this.#meter.lines(), ...engineMetrics(this.#engine), ...warmUpMetrics(warmUpDays(this.#engine, this.options))];
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
    await this.#teller?.close();
  }

  /** What is wrong with the options, or with the receiver of events, is told before anything is sent. */
  async #prepare(): Promise<void> {
    const { options, listening } = this;
    await resolveReferences(options, PATHS, this.#secrets);
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

  async #orderOf(mail: MailToSend, deadline: Deadline): Promise<Order> {
    const { options } = this;
    const sender = parseSender(mail.mail_from);
    if (sender !== null && "problem" in sender) throw wrong("/mail_from", sender.problem);
    if (mail.id !== undefined && (mail.id === "" || mail.id.length > MOST_ID_CHARACTERS)) {
      throw wrong("/id", `it must have from 1 to ${MOST_ID_CHARACTERS} characters`);
    }
    if (mail.recipients.length === 0) throw wrong("/recipients", "it is empty");
    const run: RunState = { recorder: new Recorder(null), deadline, secrets: this.#secrets, memory: null };
    return {
      mail: await mailOf(await messageOf(mail, sender), this.#signer),
      sender,
      recipients: mail.recipients.map(recipientOf),
      manners: { ...options, helo_domain: options.helo_domain === undefined ? null : resolved(options.helo_domain) },
      rank: RANKS[mail.priority ?? "NORMAL"],
      dsn: mail.dsn === undefined ? null : dsnWords(mail.dsn),
      requireTls: mail.requiretls ?? false,
      run,
      resolver: resolverGrant(run),
      random: this.#random,
      attempts: [],
      helloName: null,
      mostWaitMs: Number.POSITIVE_INFINITY,
      postponed: 0,
      journal: null,
    };
  }
}

async function messageOf({ message, fields, recipients }: MailToSend, sender: Mailbox | null): Promise<Uint8Array> {
  if ((message === undefined) === (fields === undefined)) throw wrong("/message", "give either the whole message or its fields");
  if (message !== undefined) return typeof message === "string" ? Buffer.from(message) : message;
  try {
    return await letterOf(fields as GivenLetter, sender, recipients, { date: new Date(), messageId: newMessageId });
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    throw wrong("/fields", error.failure.message);
  }
}

function wrong(pointer: string, message: string): RequestError {
  return new RequestError("the message cannot be sent as it is", "invalid_input", [{ pointer, message, hint: null }]);
}
