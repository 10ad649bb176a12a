import { consumableChannel } from "../queue/consume.js";
import { type ClaimedEvent, Consumer } from "../queue/consumer.js";
import { counted } from "../support/counted.js";
import { printableLine } from "../support/printable.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import type { EventHandler } from "./consume/event-handler.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { openQueueOption } from "./open-queue-option.js";
import { queueOption } from "./queue-option.js";
import { UsageError } from "./usage-error.js";
import { retryWarner } from "./warn-once.js";

const options = {
  queue: queueOption,
  exec: {
    value: "CMD",
    description: "Run this program for each event, with the event on stdin; exit code 0 accepts it. No shell is used.",
  },
  post: {
    value: "URL",
    description: "POST each event to this URL; a 2xx response accepts it. Signed with $PROBE_RUN_WEBHOOK_SECRET, or #secret=env:NAME.",
  },
  drain: { description: "Exit when the queue is empty, instead of waiting for more." },
  concurrency: { value: "N", description: "How many events --exec or --post handles at once (1: in order of arrival)." },
  timeout: { value: "MS", description: "Timeout of --exec or --post for one event (30000)." },
  lease: { value: "MS", description: "How long until others get an event if this consumer dies (30000)." },
  attempts: { value: "N", description: "Move an event to the dead letters after N failed attempts (5)." },
  backoff: { value: "MS", description: "Longest delay before the second attempt; doubles with each attempt (1000)." },
} as const;

export default defineCommand({
  summary: "Delivers the results of a queue: to stdout, one event per line, or to a program or a URL.",
  usage: "[options]",
  details: [
    "An event is acknowledged once it is delivered: written to stdout, or accepted with exit code 0 or a 2xx response. If the command is killed before,",
    "the event is delivered again with the same id. The exit code is 1 if an event was not accepted. Delivery events are handled like results.",
  ].join(" "),
  options,
  examples: [
    ["consume --drain > results.jsonl", "Write all events as CloudEvents, one per line."],
    ['consume --queue redis://localhost --exec "python3 store.py"', "Run a program for each event."],
    ["consume --post https://example.org/results --concurrency 8", "POST events, eight at a time."],
  ],
  words: { least: 0, most: 0 },
  run,
});

type Given = Arguments<typeof options>["options"];

/** Enough for acknowledgements of lines on stdout to be stored in large batches. */
const LINES_AT_ONCE = 512;

interface Totals {
  delivered: number;
  failed: number;
}

async function run({ options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const handle = await handlerFor(given, io);
  const concurrency = wholeNumber("concurrency", given.concurrency, 1, 1000) ?? 1;
  const maxAttempts = wholeNumber("attempts", given.attempts, 1, 1000) ?? 5;
  const backoffMs = wholeNumber("backoff", given.backoff, 1, 3_600_000) ?? 1000;
  const leaseMs = wholeNumber("lease", given.lease, 100, 86_400_000) ?? 30_000;
  const interruption = new AbortController();
  const stopListening = io.onInterrupt(() => interruption.abort());
  const queue = await openQueueOption(given.queue, io, { mayCreate: !given.drain });
  const totals: Totals = { delivered: 0, failed: 0 };
  try {
    const prefetch = given.exec === null && given.post === null ? LINES_AT_ONCE : concurrency;
    const { signal } = interruption;
    await handleAll(
      new Consumer(consumableChannel(queue), { drain: given.drain, prefetch, leaseMs, maxAttempts, backoffMs, signal, onTrouble: retryWarner(io) }),
      handle,
      totals,
      io,
    );
  } finally {
    await queue.close();
    stopListening();
  }
  io.err(`${counted(totals.delivered, "event")} delivered${totals.failed > 0 ? `, ${counted(totals.failed, "failed attempt")}` : ""}\n`);
  return totals.failed > 0 ? EXIT.failed : EXIT.ok;
}

async function handlerFor({ exec, post, timeout }: Given, io: Io): Promise<EventHandler> {
  if (exec !== null && post !== null) throw new UsageError("--exec and --post cannot be combined", "leave one of them out");
  const timeoutMs = wholeNumber("timeout", timeout, 1, 3_600_000) ?? 30_000;
  if (exec !== null) return (await import("./consume/exec.js")).execHandler(exec, timeoutMs);
  if (post !== null) return (await import("./consume/post.js")).postHandler(post, timeoutMs, io.env);
  return async (claimedEvent) => {
    await io.out(`${onOneLine(claimedEvent)}\n`);
    return null;
  };
}

/** A message of another program may contain line breaks. */
function onOneLine({ body, event }: ClaimedEvent): string {
  return /[\r\n]/.test(body) ? JSON.stringify(event) : body;
}

async function handleAll(consumer: Consumer, handle: EventHandler, totals: Totals, io: Io): Promise<void> {
  const running = new Set<Promise<void>>();
  try {
    for (let claimed = await consumer.claim(); claimed !== null; claimed = await consumer.claim()) {
      for (const claimedEvent of claimed) {
        const done = handleOne(claimedEvent, handle, totals, io).finally(() => running.delete(done));
        running.add(done);
      }
    }
  } finally {
    // Handlers that are running keep their events until they end.
    await Promise.all(running);
    await consumer.end();
  }
}

async function handleOne(claimedEvent: ClaimedEvent, handle: EventHandler, totals: Totals, io: Io): Promise<void> {
  const why = await handle(claimedEvent).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  if (why === null) {
    totals.delivered += 1;
    await claimedEvent.ack();
    return;
  }
  totals.failed += 1;
  io.err(`probe-run: ${printableLine(`${claimedEvent.event.id} was not accepted: ${why}`)}\n`);
  await claimedEvent.fail(why);
}
