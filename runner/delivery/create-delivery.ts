import type { DeliveryPriority, DeliveryReport, DeliveryWishes } from "../../schemas/delivery.js";
import { deliverySettings } from "../../schemas/delivery.js";
import { resolved } from "../../schemas/secret.js";
import type { RunState } from "../context.js";
import { Deadline } from "../deadline.js";
import type { Signer } from "../mail/dkim/signer.js";
import { resolverGrant } from "../net/dns/grant.js";
import { randomSeed, seededRandom } from "../net/dns/shuffle.js";
import { parseSender } from "../net/smtp/mailbox.js";
import { Recorder } from "../recorder.js";
import { type ReferencePath, referencePaths, resolveReferences } from "../references.js";
import { RequestError } from "../request-error.js";
import { SecretKeeper } from "../secret-keeper.js";
import { dsnWords } from "./dsn-wish.js";
import { Engine } from "./engine.js";
import { deliveryOptionsFrom } from "./environment.js";
import { LedgerAt } from "./ledger/ledger-at.js";
import { mailOf } from "./mail.js";
import { filledOptions, type GivenOptions, type ServiceOptions } from "./options.js";
import type { Order } from "./order.js";
import { RANKS } from "./rank.js";
import { recipientOf } from "./recipient.js";
import { reportOf } from "./report.js";
import { onlyTry } from "./schedule.js";
import { signerOf } from "./signer-of.js";
import { type DeliveryStats, Tally } from "./stats.js";

/** One message, and who gets it. */
export interface MailToSend extends Partial<Pick<DeliveryWishes, "dsn" | "requiretls">> {
  /** The envelope's sender; `<>` for none. */
  readonly mail_from: string;
  readonly recipients: readonly string[];
  /** The whole message, header and body. */
  readonly message: string | Uint8Array;
  readonly priority?: DeliveryPriority;
}

export interface SendOptions {
  /** Ends the delivery early; what was decided until then is in the report. */
  readonly signal?: AbortSignal;
}

export interface BulkOptions extends SendOptions {
  /** How many messages may be on their way at one time (1,000). */
  readonly concurrency?: number;
}

/** A delivery service of this process. */
export interface Delivery {
  /** Brings one message to its recipients. Rejects for a wrong request only: what the world does is in the report. */
  send(mail: MailToSend, options?: SendOptions): Promise<DeliveryReport>;
  /** The reports are in the order of the messages. */
  sendBulk(mails: Iterable<MailToSend>, options?: BulkOptions): Promise<DeliveryReport[]>;
  stats(): DeliveryStats;
  /** Ends every session. What is on its way is cancelled. */
  close(): Promise<void>;
}

/** `env` is read for what the options do not say. */
export type DeliveryOptions = GivenOptions & { readonly env?: Readonly<Record<string, string | undefined>> };

export function createDelivery({ env = process.env, ...given }: DeliveryOptions = {}): Delivery {
  return new Service(filledOptions({ ...deliveryOptionsFrom(env), ...given }));
}

const PATHS: readonly ReferencePath[] = referencePaths({ properties: deliverySettings });
const MOST_AT_ONCE = 1000;

class Service implements Delivery {
  readonly #engine: Engine;
  readonly #tally = new Tally();
  readonly #secrets = new SecretKeeper();
  readonly #closing = new AbortController();
  readonly #random = seededRandom(randomSeed());
  readonly #underWay = new Set<Deadline>();
  #signer: Signer | null = null;
  /** Null once the references in the options have been read. */
  #preparing: Promise<void> | null;

  constructor(readonly options: ServiceOptions) {
    this.#engine = new Engine(new LedgerAt(options.ledger ?? null));
    this.#preparing = resolveReferences(options, PATHS, this.#secrets).then(() => {
      this.#signer = signerOf(options.dkim, options.dkim_folder ?? null);
      this.#preparing = null;
    });
    // Whoever sends is told; nobody else asks.
    this.#preparing.catch(() => undefined);
  }

  async send(mail: MailToSend, { signal }: SendOptions = {}): Promise<DeliveryReport> {
    if (this.#closing.signal.aborted) throw new Error("this delivery service has been closed");
    if (this.#preparing !== null) await this.#preparing;
    const deadline = new Deadline(this.options.timeout_ms, signal);
    this.#underWay.add(deadline);
    try {
      const order = await this.#orderOf(mail, deadline);
      await this.#engine.deliver(order);
      const { mode, retry } = this.options;
      const told = reportOf({ mode, order, recipients: order.recipients, retry, random: this.#random, progress: onlyTry() });
      const report = this.#secrets.maskAll(told);
      this.#tally.count(report);
      return report;
    } finally {
      this.#underWay.delete(deadline);
      deadline.release();
    }
  }

  async sendBulk(mails: Iterable<MailToSend>, { concurrency = MOST_AT_ONCE, ...options }: BulkOptions = {}): Promise<DeliveryReport[]> {
    const reports: DeliveryReport[] = [];
    const numbered = [...mails].entries();
    const work = async (): Promise<void> => {
      for (const [index, mail] of numbered) reports[index] = await this.send(mail, options);
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    return reports;
  }

  stats(): DeliveryStats {
    return this.#tally.shown(this.#engine, this.options.mode, !this.#closing.signal.aborted);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const deadline of this.#underWay) deadline.end("cancelled");
    this.#engine.close();
  }

  async #orderOf(mail: MailToSend, deadline: Deadline): Promise<Order> {
    const { options } = this;
    const sender = parseSender(mail.mail_from);
    if (sender !== null && "problem" in sender) throw wrong("/mail_from", sender.problem);
    if (mail.recipients.length === 0) throw wrong("/recipients", "it is empty");
    const run: RunState = { recorder: new Recorder(null), deadline, secrets: this.#secrets, memory: null };
    return {
      mail: await mailOf(typeof mail.message === "string" ? Buffer.from(mail.message) : mail.message, this.#signer),
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
      journal: null,
    };
  }
}

function wrong(pointer: string, message: string): RequestError {
  return new RequestError("the message cannot be sent as it is", "invalid_input", [{ pointer, message, hint: null }]);
}
