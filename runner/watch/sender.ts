import { setTimeout as sleep } from "node:timers/promises";
import type { History, Notification, WaitingNotification } from "../history/history.js";
import { backoffMs } from "../queue/backoff.js";
import { QueueError } from "../queue/queue-error.js";
import { readWebhookUrl } from "../queue/webhook/address.js";
import { WebhookSink } from "../queue/webhook/backend.js";
import type { Receiver } from "./receivers.js";

/** One attempt at a time: the outbox remembers what is to be tried again. */
const ONE_ATTEMPT = { attempts: 1, firstMs: 0, mostMs: 0, mostRetryAfterMs: 0 };
const FIRST_WAIT_MS = 1000;
const MOST_WAIT_MS = 300_000;
/** A notification that was refused this often is given up. A receiver that cannot be reached is retried without limit. */
const MOST_REFUSALS = 10;
const LOOK_EVERY_MS = 500;
const QUIET_MS = 60_000;
/** How long the end of a watch waits for a receiver's answer; without it, the notification is sent again after the next start. */
const CLOSING_MS = 5000;

interface Line {
  readonly receiver: Receiver;
  readonly sink: WebhookSink;
  /** Sends what waits; null while it has nothing to do. */
  busy: Promise<void> | null;
  /** The last one that was taken: while the outbox cannot be written, it must not be sent again and again. */
  taken: string | null;
  notBefore: number;
}

/** Hands notifications on, in order for each receiver, until they are taken. What is sent twice has the same id. */
export class Sender {
  readonly #lines: readonly Line[];
  readonly #timer: NodeJS.Timeout;
  /** What could not be stored: lost with the process. */
  readonly #unsaved: Notification[] = [];
  #isClosing = false;
  #reported = "";
  #reportedAt = 0;

  static async open(receivers: readonly Receiver[], history: History, onTrouble: (message: string) => void, environment: NodeJS.ProcessEnv): Promise<Sender> {
    const lines = await Promise.all(
      receivers.map(async (receiver) => ({
        receiver,
        sink: new WebhookSink(await readWebhookUrl(receiver.to, environment), ONE_ATTEMPT),
        busy: null,
        taken: null,
        notBefore: 0,
      })),
    );
    return new Sender(lines, history, onTrouble);
  }

  private constructor(
    lines: readonly Line[],
    readonly history: History,
    readonly onTrouble: (message: string) => void,
  ) {
    this.#lines = lines;
    this.#timer = setInterval(() => this.wake(), LOOK_EVERY_MS);
  }

  wake(): void {
    for (const line of this.#lines) if (!this.#isClosing) line.busy ??= this.#empty(line);
  }

  /** Also sends what the history did not take. */
  keepUnsaved(notifications: readonly Notification[]): void {
    this.#unsaved.push(...notifications);
  }

  /** What is under way is waited for, and the rest stays in the outbox. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    const all = Promise.all(this.#lines.map(({ busy }) => busy));
    await Promise.race([all, sleep(CLOSING_MS, undefined, { ref: false })]);
    for (const { sink } of this.#lines) sink.close();
    await all;
  }

  async #empty(line: Line): Promise<void> {
    try {
      while (!this.#isClosing && (await this.#one(line)));
    } catch (error) {
      line.notBefore = Date.now() + FIRST_WAIT_MS;
      this.#report(`the outbox cannot be used: ${(error as Error).message}`);
    } finally {
      line.busy = null;
    }
  }

  /** The same words once in a while. */
  #report(message: string): void {
    if (message === this.#reported && Date.now() - this.#reportedAt < QUIET_MS) return;
    this.#reported = message;
    this.#reportedAt = Date.now();
    this.onTrouble(message);
  }

  /** False: nothing is to be sent now. */
  async #one(line: Line): Promise<boolean> {
    const { key } = line.receiver;
    if (Date.now() < line.notBefore) return false;
    const unsaved = this.#unsaved.findIndex(({ receiver }) => receiver === key);
    if (unsaved >= 0) {
      const [notification] = this.#unsaved.splice(unsaved, 1) as [Notification];
      if ((await this.#push(line, notification)) === null) return true;
      this.#unsaved.push(notification);
      line.notBefore = Date.now() + FIRST_WAIT_MS;
      return false;
    }
    const first = this.history.first(key);
    if (first === null || first.due > Date.now()) return false;
    const error = line.taken === first.id ? null : await this.#push(line, first);
    if (error === null) {
      line.taken = first.id;
      this.history.end(first, Date.now());
    } else this.#tryLater(line, first, error);
    return error === null;
  }

  #tryLater(line: Line, notification: WaitingNotification, error: Error): void {
    const { attempt, id } = notification;
    const due = Date.now() + FIRST_WAIT_MS + backoffMs(attempt + 1, FIRST_WAIT_MS, MOST_WAIT_MS);
    line.notBefore = due;
    if (error instanceof QueueError && error.code === "refused" && attempt + 1 >= MOST_REFUSALS) {
      this.history.end(notification, Date.now());
      this.onTrouble(`the notification ${id} is given up after ${attempt + 1} attempts: ${error.message}`);
      return;
    }
    if (attempt === 0) this.onTrouble(`the notification ${id} is not taken, and will be sent again: ${error.message}`);
    this.history.postpone(notification, due);
  }

  async #push({ sink }: Line, { id, body }: Notification): Promise<Error | null> {
    try {
      await sink.push([{ id, body, key: null, priority: 0, delayMs: 0 }]);
      return null;
    } catch (error) {
      return error as Error;
    }
  }
}
