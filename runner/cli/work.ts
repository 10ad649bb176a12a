import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { listenAddress } from "./listen-address.js";
import { openQueueOption } from "./open-queue-option.js";
import { serverNames } from "./server-names.js";
import { allowShortSecrets } from "./short-secrets.js";
import { Monitor } from "./worker/monitor.js";
import { CHILD_VARIABLE, workAsChild } from "./worker/worker-process.js";
import { type Given, openWorker, queueUrl, type WorkSettings, whatMayBeMissing, workOptions, workSettings } from "./worker/worker-settings.js";

export default defineCommand({
  summary: "Processes the jobs of a queue and stores their results.",
  usage: "[options]",
  details: [
    "Shows a live line on a terminal, and a summary at the end. On SIGTERM or Ctrl-C it claims no more jobs, lets running ones finish within --grace, and",
    "releases the rest; a second signal ends it at once. Targets that fail are results: the exit code is 0.",
  ].join(" "),
  options: workOptions,
  examples: [
    ["work --drain", "Process all jobs in .probe-run/queue.db, then exit."],
    ["work --concurrency 64 --processes 2 --limit key=5,10/s", "Use two cores; up to 5 jobs at once and 10 per second for each key."],
    ["work --queue redis://localhost --listen :9464 --allow-secret env:SMTP_*", "Run as a service with metrics, on a broker."],
  ],
  words: { least: 0, most: 0 },
  run,
});

async function run({ options: given }: Arguments<typeof workOptions>, io: Io): Promise<number> {
  const settings = workSettings(given, io.env);
  allowShortSecrets(given);
  if (given.listen !== null) listenAddress(given.listen);
  serverNames(given);
  if (io.env[CHILD_VARIABLE] === "1" && process.connected) return workAsChild(given, settings, io);
  return settings.processes === 1 ? workInProcess(given, settings, io) : workInPool(given, settings, io);
}

async function workInProcess(given: Given, settings: WorkSettings, io: Io): Promise<number> {
  const { queue, worker, close } = await openWorker(given, settings, io);
  let isStopping = false;
  const stop = (): void => {
    isStopping = true;
    worker.stop(settings.graceMs);
  };
  const stopListening = io.onInterrupt(stop);
  const monitor = new Monitor(io, queue.jobs, () => ({ stats: worker.stats, processes: 1, restarts: 0 }), given.listen !== null);
  const closeListener = await startListener(given, monitor, () => isStopping, io);
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

async function workInPool(given: Given, { processes }: WorkSettings, io: Io): Promise<number> {
  // Opened for the counts, and so that an error of the queue is reported once and not by each process.
  const queue = await openQueueOption(queueUrl(given, io), io, whatMayBeMissing(given));
  const { ProcessPool } = await import("./worker/process-pool.js");
  const pool = new ProcessPool(argvOf(given), io);
  const stopListening = io.onInterrupt(() => pool.stop());
  const monitor = new Monitor(io, queue.jobs, () => pool.stats, given.listen !== null);
  const closeListener = await startListener(given, monitor, () => pool.isStopping, io);
  try {
    return await pool.run(processes);
  } finally {
    monitor.end();
    closeListener();
    stopListening();
    await queue.close();
  }
}

async function startListener(given: Given, monitor: Monitor, isStopping: () => boolean, io: Io): Promise<() => void> {
  if (given.listen === null) return () => undefined;
  const { listen } = await import("./worker/listen.js");
  const server = await listen(given.listen, serverNames(given), monitor, isStopping);
  io.err(`probe-run: serving ${server.address}/metrics\n`);
  return () => server.close();
}

/** The options for a child process. */
function argvOf({ processes: _, listen: __, "server-name": ___, ...rest }: Given): string[] {
  return Object.entries(rest).flatMap(([name, value]) => {
    if (value === false || value === null) return [];
    if (value === true) return [`--${name}`];
    return (Array.isArray(value) ? value : [value]).map((each) => `--${name}=${each}`);
  });
}
