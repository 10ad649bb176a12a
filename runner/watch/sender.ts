import { setTimeout as sleep } from "node:timers/promises";
import type { IncidentEvent } from "../../schemas/incident-event.js";
import type { HistoryClient } from "../history/history-client.js";
import type { Notification, WaitingBatch } from "../history/outbox.js";
import { backoffMs } from "../queue/backoff.js";
import { QueueError } from "../queue/queue-error.js";
import { RequestError } from "../support/request-error.js";
import type { Deliverer } from "./receivers/deliverer.js";
import { openDeliverer } from "./receivers/open-deliverer.js";
import type { Receiver } from "./receivers/receiver.js";
import type { SharedOutbox } from "./shared/shared-outbox.js";

const FIRST_WAIT_MS = 1000;
const MOST_WAIT_MS = 300_000;
/** A notification that was refused this often is dropped. A receiver that cannot be reached, or takes none at all, is retried without limit. */
const MOST_REFUSALS = 10;
/** That it is still not taken is said again after so many attempts: about once an hour, as waits are half of the longest on average. */
const SAY_AGAIN_AFTER = 24;
const LOOK_EVERY_MS = 500;
const QUIET_MS = 60_000;
/** How long the end of a watch waits for a receiver's answer; without it, the notification is sent again after the next start. */
const CLOSING_MS = 5000;
const HOLD_AGAIN_MS = 5000;

/** One receiver, and what is being sent to it. */
export interface SenderLine {
  readonly receiver: Receiver;
  readonly deliverer: Deliverer;
  /** Sends what waits; null while it has nothing to do. */
  busy: Promise<void> | null;
  /** The last batch that was taken: while the outbox cannot be written, it must not be sent again and again. */
  taken: string | null;
  /** By the monotonic clock, as refreshAt. */
  notBefore: number;
  refreshAt: number;
}

/** Rejects with a RequestError for a receiver that cannot be used. */
export function openLines(receivers: readonly Receiver[], environment: NodeJS.ProcessEnv): Promise<SenderLine[]> {
  return Promise.all(
    receivers.map(async (receiver, place) => ({
      receiver,
      deliverer: await openDeliverer(receiver, environment).catch((error: unknown) => {
        throw named(error, place);
      }),
      busy: null,
      taken: null,
      notBefore: 0,
      refreshAt: 0,
    })),
  );
}

/** Which of the receivers cannot be used. */
function named(error: unknown, place: number): unknown {
  if (!(error instanceof RequestError)) return error;
  const violations = error.violations.map((violation) => ({ ...violation, pointer: "" }));
  return new RequestError(`receiver ${place + 1} of watch.notify cannot be used`, error.code, violations);
}

export interface SenderOptions {
  onTrouble(message: string): void;
  /** The outbox cannot be read or written. */
  onOutboxTrouble(error: unknown): void;
  /** Of all incidents that are open now. */
  openIncidents(): readonly IncidentEvent[];
  /** With other watches of the suite; null: this is the only one. */
  readonly shared: SharedOutbox | null;
}

/** Hands notifications on, in order for each receiver, until they are taken. What is sent twice has the same id. */
export class Sender {
  readonly #lines: readonly SenderLine[];
  readonly #timer: NodeJS.Timeout;
  /** What could not be stored: lost with the process. */
  readonly #unsaved: Notification[] = [];
  #isClosing = false;
  #reported = "";
  #reportedAt = 0;

  constructor(
    lines: readonly SenderLine[],
    readonly history: HistoryClient,
    readonly options: SenderOptions,
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

  /** What is under way is waited for, and the rest stays in the outbox. Returns what is in none. */
  async close(): Promise<readonly Notification[]> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    const all = Promise.all(this.#lines.map(({ busy }) => busy));
    await Promise.race([all, sleep(CLOSING_MS, undefined, { ref: false })]);
    for (const { deliverer } of this.#lines) deliverer.close();
    await all;
    await Promise.all(this.#lines.map(({ receiver }) => this.options.shared?.release(receiver.key).catch(() => undefined)));
    return this.#unsaved;
  }

  async #empty(line: SenderLine): Promise<void> {
    try {
      while (!this.#isClosing && (await this.#one(line)));
      await this.#refresh(line);
    } catch (error) {
      line.notBefore = performance.now() + FIRST_WAIT_MS;
      this.options.onOutboxTrouble(error);
    } finally {
      line.busy = null;
    }
  }

  /** The same words once in a while. */
  #report(message: string): void {
    if (message === this.#reported && Date.now() - this.#reportedAt < QUIET_MS) return;
    this.#reported = message;
    this.#reportedAt = Date.now();
    this.options.onTrouble(message);
  }

  /** False: nothing is to be sent now. */
  async #one(line: SenderLine): Promise<boolean> {
    if (performance.now() < line.notBefore) return false;
    const unsaved = this.#unsaved.findIndex(({ receiver }) => receiver === line.receiver.key);
    return unsaved >= 0 ? this.#oneUnsaved(line, unsaved) : this.#oneStored(line);
  }

  async #oneUnsaved(line: SenderLine, index: number): Promise<boolean> {
    const [notification] = this.#unsaved.splice(index, 1) as [Notification];
    if ((await this.#deliver(line, { notifications: [notification], attempt: 0 })) === null) return true;
    this.#unsaved.push(notification);
    line.notBefore = performance.now() + FIRST_WAIT_MS;
    return false;
  }

  async #oneStored(line: SenderLine): Promise<boolean> {
    const { key, most, waitMs } = line.receiver;
    const batch = await this.history.ask("batch", key, { most, waitMs }, Date.now());
    if (batch === null) return false;
    const { shared } = this.options;
    if (shared !== null) {
      const maySend = await shared.maySend(key);
      if (await this.#endTaken(shared, batch)) return true;
      if (!maySend) return false;
    }
    const id = idOf(batch);
    const error = line.taken === id ? null : await this.#holding(key, this.#deliver(line, batch));
    if (error === null) {
      line.taken = id;
      await shared?.addTaken(key, idsOf(batch));
      await this.history.ask("end", batch, Date.now());
    } else await this.#tryLater(line, batch, error);
    return error === null;
  }

  /** True: another watch has sent some of them, which are done. */
  async #endTaken(shared: SharedOutbox, batch: WaitingBatch): Promise<boolean> {
    const taken = await shared.taken(batch.receiver, idsOf(batch));
    const notifications = batch.notifications.filter(({ id }) => taken.has(id));
    if (notifications.length > 0) await this.history.ask("end", { ...batch, notifications }, Date.now());
    return notifications.length > 0;
  }

  /** While something is being sent, no other watch sends to the same receiver. */
  async #holding<Result>(receiver: string, sending: Promise<Result>): Promise<Result> {
    const { shared } = this.options;
    if (shared === null) return sending;
    const timer = setInterval(() => void shared.maySend(receiver).catch(() => false), HOLD_AGAIN_MS);
    return sending.finally(() => clearInterval(timer));
  }

  async #tryLater(line: SenderLine, batch: WaitingBatch, error: Error): Promise<void> {
    const { attempt, notifications } = batch;
    const name = notifications.length === 1 ? `the notification ${idOf(batch)} is` : `${notifications.length} notifications from ${idOf(batch)} on are`;
    if (isRefused(error) && attempt + 1 >= MOST_REFUSALS) {
      await this.history.ask("end", batch, Date.now());
      this.options.onTrouble(`${name} dropped after ${attempt + 1} attempts: ${error.message}`);
      line.notBefore = performance.now() + FIRST_WAIT_MS;
      return;
    }
    const waitMs = FIRST_WAIT_MS + backoffMs(attempt + 1, FIRST_WAIT_MS, MOST_WAIT_MS);
    line.notBefore = performance.now() + waitMs;
    const isStill = attempt > 0 ? `still not taken after ${attempt + 1} attempts` : "not taken";
    if (attempt % SAY_AGAIN_AFTER === 0) this.options.onTrouble(`${name} ${isStill}, and will be sent again: ${error.message}`);
    await this.history.ask("postpone", batch, Date.now() + waitMs);
  }

  async #deliver({ deliverer }: SenderLine, batch: Pick<WaitingBatch, "notifications" | "attempt">): Promise<Error | null> {
    try {
      await deliverer.deliver({ id: idOf(batch), notifications: batch.notifications, isRepeated: batch.attempt > 0 });
      return null;
    } catch (error) {
      return error as Error;
    }
  }

  /** After what waits, so that nothing is repeated of which the end is on its way. */
  async #refresh(line: SenderLine): Promise<void> {
    const { refresh } = line.deliverer;
    if (refresh === null || this.#isClosing || performance.now() < Math.max(line.refreshAt, line.notBefore)) return;
    line.refreshAt = performance.now() + refresh.everyMs;
    await refresh.send(this.options.openIncidents()).catch((error: unknown) => this.#report(`open incidents were not repeated: ${(error as Error).message}`));
  }
}

/** This one is refused, and another one may be taken. */
function isRefused(error: Error): boolean {
  return error instanceof QueueError && error.code === "refused" && !error.isOfEveryMessage;
}

function idsOf({ notifications }: WaitingBatch): string[] {
  return notifications.map(({ id }) => id);
}

function idOf({ notifications: [first] }: Pick<WaitingBatch, "notifications">): string {
  return first?.id ?? "";
}
