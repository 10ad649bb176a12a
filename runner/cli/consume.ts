import { consumable } from "../queue/consume.js";
import { type Consumed, Consumer } from "../queue/consumer.js";
import { printableLine } from "../support/printable.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import type { HandOn } from "./consume/hand-on.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { openGiven } from "./open-queue-option.js";
import { queueOption } from "./queue-option.js";
import { UsageError } from "./usage-error.js";
import { troubleTeller } from "./warn-once.js";

const options = {
  queue: queueOption,
  exec: {
    value: "CMD",
    description: "Start this program for each event, with the event on its stdin; it took the event when it ends with 0. No shell is asked.",
  },
  post: {
    value: "ADDRESS",
    description: "Post each event to this address; it was taken when the answer is 2xx. Signed with $PROBE_RUN_WEBHOOK_SECRET, or #secret=env:NAME.",
  },
  drain: { description: "End when nothing is left, instead of waiting for more." },
  concurrency: { value: "N", description: "How many events --exec or --post hands on at once (1: in the order they came)." },
  timeout: { value: "MS", description: "How long --exec or --post may take for one event (30000)." },
  lease: { value: "MS", description: "How long an event stays away from others when this consumer dies (30000)." },
  attempts: { value: "N", description: "After so many an event that was not taken goes to the dead letters (5)." },
  backoff: { value: "MS", description: "The longest wait before the second attempt; it doubles with each (1000)." },
} as const;

export default defineCommand({
  summary: "Hands the results of a queue on: one event a line on stdout, or to a program, or to an address.",
  usage: "[options]",
  details: [
    "An event is acknowledged when it was handed on, and not before: written, or taken with exit code 0 or a 2xx. Killed in between, it",
    "comes again, with the same id. The exit code is 1 when an event was not taken. Events of deliveries are handed on like results.",
  ].join(" "),
  options,
  examples: [
    ["consume --drain > results.jsonl", "Take what is there, as CloudEvents, one a line."],
    ['consume --queue redis://localhost --exec "python3 store.py"', "Start a program for each event."],
    ["consume --post https://example.org/results --concurrency 8", "Post them, eight at a time."],
  ],
  words: { least: 0, most: 0 },
  run,
});

type Given = Arguments<typeof options>["options"];

/** Enough that acknowledgements of lines on stdout are stored many at a time. */
const LINES_AT_ONCE = 512;

interface Totals {
  taken: number;
  failed: number;
}

async function run({ options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const handOn = await handOnOf(given, io);
  const concurrency = wholeNumber("concurrency", given.concurrency, 1, 1000) ?? 1;
  const maxAttempts = wholeNumber("attempts", given.attempts, 1, 1000) ?? 5;
  const backoffMs = wholeNumber("backoff", given.backoff, 1, 3_600_000) ?? 1000;
  const leaseMs = wholeNumber("lease", given.lease, 100, 86_400_000) ?? 30_000;
  const interruption = new AbortController();
  const stopListening = io.onInterrupt(() => interruption.abort());
  const queue = await openGiven(given.queue, io);
  const totals: Totals = { taken: 0, failed: 0 };
  try {
    const atOnce = given.exec === null && given.post === null ? LINES_AT_ONCE : concurrency;
    const { signal } = interruption;
    await handAllOn(
      new Consumer(consumable(queue), { drain: given.drain, atOnce, leaseMs, maxAttempts, backoffMs, signal, onTrouble: troubleTeller(io) }),
      handOn,
      totals,
      io,
    );
  } finally {
    await queue.close();
    stopListening();
  }
  io.err(`${totals.taken} events handed on${totals.failed > 0 ? `, ${totals.failed} times not taken` : ""}\n`);
  return totals.failed > 0 ? EXIT.failed : EXIT.ok;
}

async function handOnOf({ exec, post, timeout }: Given, io: Io): Promise<HandOn> {
  if (exec !== null && post !== null) throw new UsageError("--exec and --post exclude each other", "leave one of them out");
  const timeoutMs = wholeNumber("timeout", timeout, 1, 3_600_000) ?? 30_000;
  if (exec !== null) return (await import("./consume/exec.js")).execute(exec, timeoutMs);
  if (post !== null) return (await import("./consume/post.js")).post(post, timeoutMs, io.env);
  return async (consumed) => {
    await io.out(`${onOneLine(consumed)}\n`);
    return null;
  };
}

/** A message from elsewhere may be written over several lines. */
function onOneLine({ body, event }: Consumed): string {
  return /[\r\n]/.test(body) ? JSON.stringify(event) : body;
}

async function handAllOn(consumer: Consumer, handOn: HandOn, totals: Totals, io: Io): Promise<void> {
  const running = new Set<Promise<void>>();
  try {
    for (let claimed = await consumer.claim(); claimed !== null; claimed = await consumer.claim()) {
      for (const consumed of claimed) {
        const done = handOneOn(consumed, handOn, totals, io).finally(() => running.delete(done));
        running.add(done);
      }
    }
  } finally {
    // Whoever is handed an event just now keeps it until the end of that.
    await Promise.all(running);
    await consumer.end();
  }
}

async function handOneOn(consumed: Consumed, handOn: HandOn, totals: Totals, io: Io): Promise<void> {
  const why = await handOn(consumed).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  if (why === null) {
    totals.taken += 1;
    await consumed.ack();
    return;
  }
  totals.failed += 1;
  io.err(`probe-run: ${printableLine(`${consumed.event.id} was not taken: ${why}`)}\n`);
  await consumed.fail(why);
}
