import { setTimeout as sleep } from "node:timers/promises";
import type { DeliveryEvent } from "../../../schemas/delivery-event.js";
import type { Message, PushAnswer, Sink } from "../../queue/backend.js";
import { backoffMs } from "../../queue/backoff.js";
import { isPassing } from "../../queue/is-transient.js";
import { openBackend } from "../../queue/open-backend.js";
import { QueueError } from "../../queue/queue-error.js";
import { monotonic } from "../../run/clock.js";

/** Where events go: the URL of a queue, of which they are the results, or a function. */
export type EventReceiver = string | ((event: DeliveryEvent) => void | Promise<void>);

export interface Telling {
  /** How long events are tried again that their receiver cannot take just now. */
  readonly patienceMs: number;
  /** Is told each time. */
  readonly onTrouble: (error: unknown) => void;
  /** From then on nothing is tried again. */
  readonly givingUp: AbortSignal;
}

/** Tells a receiver what became of messages. What it has told is stored there. */
export class Teller {
  readonly #sink: Sink;

  private constructor(
    sink: Sink,
    readonly telling: Telling,
    readonly close: () => Promise<void>,
  ) {
    this.#sink = sink;
  }

  /** Rejects where the receiver is no queue, or cannot be opened. */
  static async open(receiver: EventReceiver, telling: Telling): Promise<Teller> {
    if (typeof receiver === "function") return new Teller(functionSink(receiver, telling.patienceMs), telling, async () => undefined);
    const backend = await openBackend(receiver);
    return new Teller(backend.results, telling, () => backend.close());
  }

  /** Resolves when all is stored. Rejects with what kept it from that: refused, or for too long. */
  async tell(messages: readonly Message[]): Promise<void> {
    const { patienceMs, onTrouble, givingUp } = this.telling;
    const until = monotonic() + patienceMs;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#sink.push(messages);
        return;
      } catch (error) {
        const waitMs = backoffMs(attempt, 200, 5000);
        if (!isPassing(error) || givingUp.aborted || monotonic() + waitMs > until) throw error;
        onTrouble(error);
        await sleep(waitMs, undefined, { signal: givingUp }).catch(() => undefined);
      }
    }
  }
}

/** One after the other, each until it was taken: what a function has heard it need not hear again. */
function functionSink(receiver: Exclude<EventReceiver, string>, patienceMs: number): Sink {
  const taken = new WeakSet<Message>();
  return {
    async push(messages: readonly Message[]): Promise<PushAnswer[]> {
      for (const message of messages) {
        if (taken.has(message)) continue;
        try {
          await within(patienceMs, receiver(JSON.parse(message.body) as DeliveryEvent));
        } catch (error) {
          throw new QueueError("failed", `the function for events failed: ${(error as Error).message}`, { cause: error });
        }
        taken.add(message);
      }
      return messages.map(() => "accepted");
    },
  };
}

/** A function that never ends must not keep a service from ending. */
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
