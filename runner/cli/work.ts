import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { listenAddress } from "./listen-address.js";
import { openGiven } from "./open-queue-option.js";
import { allowShortSecrets } from "./short-secrets.js";
import { listen } from "./work/listen.js";
import { Monitor } from "./work/monitor.js";
import { Parent } from "./work/process-pool.js";
import { CHILD, workAsChild } from "./work/worker-process.js";
import { type Given, type Order, orderOf, setUp, workOptions } from "./work/worker-settings.js";

export default defineCommand({
  summary: "Works the jobs of a queue off, and pushes their results.",
  usage: "[options]",
  details: [
    "A terminal shows a live line; a pipe only the last one. At SIGTERM or Ctrl-C no new job is taken, what runs is finished within --grace, and the",
    "rest is given back; the second time it ends at once. Targets that fail are results: the exit code is 0.",
  ].join(" "),
  options: workOptions,
  examples: [
    ["work --drain", "Work .probe-run/queue.db off, and end."],
    ["work --concurrency 64 --processes 2 --limit key=5,10/s", "On two cores; each key 5 at once and 10 a second."],
    ["work --queue redis://localhost --listen :9464 --allow-secret env:SMTP_*", "As a service, with metrics, from a broker."],
  ],
  words: { least: 0, most: 0 },
  run,
});

async function run({ options: given }: Arguments<typeof workOptions>, io: Io): Promise<number> {
  const order = orderOf(given, io.env);
  allowShortSecrets(given);
  if (given.listen !== null) listenAddress(given.listen);
  if (io.env[CHILD] === "1" && process.connected) return workAsChild(given, order, io);
  return order.processes === 1 ? workAlone(given, order, io) : workTogether(given, order, io);
}

async function workAlone(given: Given, order: Order, io: Io): Promise<number> {
  const { queue, worker, close } = await setUp(given, order, io);
  let isStopping = false;
  const stop = (): void => {
    isStopping = true;
    worker.stop(order.graceMs);
  };
  const stopListening = stopsWorker(io, stop);
  const monitor = new Monitor(io, queue.jobs, () => ({ tally: worker.tally, processes: 1, restarts: 0 }), given.listen !== null);
  const closeListener = await served(given, monitor, () => isStopping, io);
  try {
    await worker.run();
    return EXIT.ok;
  } finally {
    monitor.end();
    closeListener();
    stopListening();
    await close();
  }
}

async function workTogether(given: Given, { processes }: Order, io: Io): Promise<number> {
  // Opened here for counting, and so that what is wrong with it is told once.
  const queue = await openGiven(given.queue, io);
  const parent = new Parent(argvOf(given), io);
  const stopListening = stopsWorker(io, () => parent.stop());
  const monitor = new Monitor(io, queue.jobs, () => parent.worked, given.listen !== null);
  const closeListener = await served(given, monitor, () => parent.isStopping, io);
  try {
    return await parent.run(processes);
  } finally {
    monitor.end();
    closeListener();
    stopListening();
    await queue.close();
  }
}

const ORPHAN_CHECK_MS = 500;

/** npx does not pass every signal on: if it is killed, its child would work on without anyone who could stop it. */
function stopsWorker(io: Io, stop: () => void): () => void {
  const stopListening = io.onInterrupt(stop);
  if (io.env.npm_command !== "exec") return stopListening;
  const startedBy = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== startedBy) stop();
  }, ORPHAN_CHECK_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    stopListening();
  };
}

async function served({ listen: address }: Given, monitor: Monitor, isStopping: () => boolean, io: Io): Promise<() => void> {
  if (address === null) return () => undefined;
  const server = await listen(address, monitor, isStopping);
  io.err(`probe-run: serving ${server.address}/metrics\n`);
  return () => server.close();
}

/** The options that a child is started with. */
function argvOf({ processes: _, listen: __, ...rest }: Given): string[] {
  return Object.entries(rest).flatMap(([name, value]) => {
    if (value === false || value === null) return [];
    if (value === true) return [`--${name}`];
    return (Array.isArray(value) ? value : [value]).map((each) => `--${name}=${each}`);
  });
}
