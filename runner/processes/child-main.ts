import "../capabilities.js";
import { type LoadedProbe, loadProbe } from "../harness/registry.js";
import { runLoaded } from "../harness/run.js";
import { type Asked, parseAsked } from "../harness/version.js";
import { maskRemembered } from "../run/secret-keeper.js";
import { runShutdownHooks } from "../support/shutdown-hooks.js";
import type { FromChild, SentInput, SentOutcome, ToChild } from "./messages.js";
import { sentError, sentReport } from "./sent-report.js";

// A process that runs inputs for its parent: runner/processes/child.ts starts it.

/** When the parent has gone, what runs gets this long to end. */
const GRACE_MS = 2000;
/** How long the parent has to react to a signal before this process ends by itself. */
const PARENT_FIRST_MS = 500;

const [name = "", timeout = "", concurrency = "1"] = process.argv.slice(2);
const interruption = new AbortController();
const running = new Set<Promise<void>>();
/** Inputs that have not begun. */
let waiting: SentInput[] = [];
/** How many more may begin. */
let free = Number(concurrency);
let outcomes: SentOutcome[] = [];
/** Nothing more begins. */
let isClosed = false;
let isEnding = false;

// Ctrl-C goes to the whole group of processes: the parent hears it, and decides.
process.on("SIGINT", () => undefined);
// TERM may go to the whole group as well. A child that ended first would be given inputs that it no longer runs.
process.on("SIGTERM", () => void setTimeout(end, PARENT_FIRST_MS));
process.on("disconnect", () => void end());
process.on("uncaughtException", (error) => {
  process.stderr.write(`probe-run: ${maskRemembered(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`, () => process.exit(3));
});
start();

function start(): void {
  const asked = parseAsked(name);
  const loading = loadProbe(asked.name);
  process.on("message", (message: ToChild) => void loading.then((loaded) => heard(message, loaded, asked)).catch(() => undefined));
  loading.then(
    () => tell({ kind: "ready" }),
    (error: unknown) => {
      tell({ kind: "unusable", error: sentError(error) });
      process.disconnect();
    },
  );
}

function heard(message: ToChild, loaded: LoadedProbe, asked: Asked): void {
  if (message.kind === "run") waiting.push(...message.inputs);
  else if (message.kind === "return") giveBack(message.most);
  else {
    isClosed = true;
    interruption.abort();
  }
  if (isClosed) giveBack(waiting.length);
  else begin(loaded, asked);
}

/** The last ones, which would begin last. */
function giveBack(most: number): void {
  const kept = Math.max(0, waiting.length - most);
  const indexes = waiting.slice(kept).map(({ index }) => index);
  waiting = waiting.slice(0, kept);
  tell({ kind: "returned", indexes, isEnding });
}

function begin(loaded: LoadedProbe, asked: Asked): void {
  while (free > 0 && waiting.length > 0 && !isClosed) {
    free -= 1;
    const { index, input } = waiting.shift() as SentInput;
    const run = runOne(loaded, asked, input).then((result) => {
      running.delete(run);
      if (outcomes.length === 0) setImmediate(tellOutcomes, loaded, asked);
      outcomes.push({ index, ...result });
    });
    running.add(run);
  }
}

async function runOne(
  loaded: LoadedProbe,
  asked: Asked,
  input: unknown,
): Promise<{ report: ReturnType<typeof sentReport> } | { error: ReturnType<typeof sentError> }> {
  try {
    const options = { signal: interruption.signal, ...(timeout === "" ? {} : { timeoutMs: Number(timeout) }) };
    return { report: sentReport(await runLoaded(loaded, asked, input, options)) };
  } catch (error) {
    return { error: sentError(error) };
  }
}

/**
 * Those of the same moment go together. What waits for their places begins when they are written, not before: should this process be
 * killed, its parent knows from the outcomes that it has received how many inputs can have begun (child.ts).
 */
function tellOutcomes(loaded: LoadedProbe, asked: Asked): void {
  const ready = outcomes;
  outcomes = [];
  tell({ kind: "done", outcomes: ready }, () => {
    free += ready.length;
    begin(loaded, asked);
  });
}

/** Messages that are not written yet: a process that exits before that loses them. */
const sending = new Set<Promise<void>>();

function tell(message: FromChild, written: () => void = () => undefined): void {
  // If the parent is gone, nothing is left to report to.
  if (!process.connected) return;
  const sent = new Promise<void>((resolve) =>
    process.send?.(message, undefined, undefined, (error) => {
      if (error === null) written();
      resolve();
    }),
  ).finally(() => sending.delete(sent));
  sending.add(sent);
}

async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  isClosed = true;
  setTimeout(() => process.exit(1), GRACE_MS);
  giveBack(waiting.length);
  interruption.abort();
  await Promise.all(running);
  await runShutdownHooks();
  // The last outcomes are sent in the next turn.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  await Promise.all(sending);
  process.exit(0);
}
