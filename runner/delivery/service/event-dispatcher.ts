import { setTimeout as sleep } from "node:timers/promises";
import type { DeliveryEvent } from "../../../schemas/delivery-event.js";
import type { Message, PushAnswer, Sink } from "../../queue/backend.js";
import { backoffMs } from "../../queue/backoff.js";
import { isTransient } from "../../queue/is-transient.js";
import { openBackend } from "../../queue/open-backend.js";
import { QueueError } from "../../queue/queue-error.js";
import { monotonic } from "../../run/clock.js";

/** The receiver of events: the URL of a queue, whose results they become, or a function. */
export type EventReceiver = string | ((event: DeliveryEvent) => void | Promise<void>);

export interface DispatchOptions {
  /** How long events are retried that their receiver cannot accept now. */
  readonly retryForMs: number;
  /** Called for each failed attempt. */
  readonly onTrouble: (error: unknown) => void;
  /** After this, nothing is retried. */
  readonly givingUp: AbortSignal;
}

/** Sends the outcomes of messages to a receiver. Once dispatched, they are stored there. */
export class EventDispatcher {
  readonly #sink: Sink;

  private constructor(
    sink: Sink,
    readonly options: DispatchOptions,
    readonly close: () => Promise<void>,
  ) {
    this.#sink = sink;
  }

  /** Rejects if the receiver is not a queue, or cannot be opened. */
  static async open(receiver: EventReceiver, options: DispatchOptions): Promise<EventDispatcher> {
    if (typeof receiver === "function") return new EventDispatcher(functionSink(receiver, options.retryForMs), options, async () => undefined);
    const backend = await openBackend(receiver);
    return new EventDispatcher(backend.results, options, () => backend.close());
  }

  /** Resolves when everything is stored. Rejects if it was refused, or failed for too long. */
  async dispatch(messages: readonly Message[]): Promise<void> {
    const { retryForMs, onTrouble, givingUp } = this.options;
    const until = monotonic() + retryForMs;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#sink.push(messages);
        return;
      } catch (error) {
        const waitMs = backoffMs(attempt, 200, 5000);
        if (!isTransient(error) || givingUp.aborted || monotonic() + waitMs > until) throw error;
        onTrouble(error);
        await sleep(waitMs, undefined, { signal: givingUp }).catch(() => undefined);
      }
    }
  }
}

/** In order, each until it was accepted: a retry does not repeat what the function has accepted. */
function functionSink(receiver: Exclude<EventReceiver, string>, retryForMs: number): Sink {
  const accepted = new WeakSet<Message>();
  return {
    async push(messages: readonly Message[]): Promise<PushAnswer[]> {
      for (const message of messages) {
        if (accepted.has(message)) continue;
        try {
          await within(retryForMs, receiver(JSON.parse(message.body) as DeliveryEvent));
        } catch (error) {
          throw new QueueError("failed", `the function for events failed: ${(error as Error).message}`, { cause: error });
        }
        accepted.add(message);
      }
      return messages.map(() => "accepted");
    },
  };
}

/** A function that never returns must not prevent a service from closing. */
async function within(milliseconds: number, work: void | Promise<void>): Promise<void> {
  const ended = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`it did not end within ${milliseconds} ms`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    ended.abort();
    late.catch(() => undefined);
  }
}
