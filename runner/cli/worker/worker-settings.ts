import { resolve } from "node:path";
import { parseLimits } from "../../limits/parse-limits.js";
import { namesLimits, siteLimits } from "../../mail-sites/limits.js";
import type { BackendOptions } from "../../queue/backend-options.js";
import { createWorker, type WorkerOptions } from "../../queue/create-worker.js";
import { atLocation, LOCATION_OPTIONS } from "../../queue/location.js";
import type { Queue } from "../../queue/queue.js";
import { GRACE_MS } from "../../queue/timing.js";
import type { Worker } from "../../queue/worker.js";
import { DEFAULT_FILE, setDefaultBehaviourFile } from "../../sqlite/store-path.js";
import { type Arguments, wholeNumber } from "../arguments.js";
import type { Io } from "../io.js";
import { openQueueOption } from "../open-queue-option.js";
import { queueOption } from "../queue-option.js";
import { serverNameOption } from "../server-names.js";
import { shortSecretsOption } from "../short-secrets.js";
import { retryWarner } from "../warn-once.js";

export const workOptions = {
  queue: queueOption,
  results: { value: "URL", description: "Store results here instead of in the same queue: https://…, amqp://…, file:x.jsonl, stdout:, or another queue." },
  concurrency: { value: "N", description: "Simultaneous jobs per process (16)." },
  processes: { value: "N", description: "Number of worker processes (1). A process that dies is restarted." },
  drain: { description: "Exit when the queue is empty, instead of waiting for more." },
  limit: {
    value: "LIMIT",
    repeated: true,
    description:
      "50 (at once), 100/s or 30/min; key=… for each key, key:NAME=… for one. Give all workers of a queue the same limits. By default each probe's own limits apply per process.",
  },
  probe: {
    value: "FILE",
    repeated: true,
    description: "Also load this probe, a file or a package, for jobs that name it. Workers do not read the configuration.",
  },
  "allow-secret": {
    value: "PATTERN",
    repeated: true,
    description: "Secret references that jobs may use: env:SMTP_*, file:/run/secrets/*. All by default with sqlite:, none with a broker.",
  },
  ...shortSecretsOption,
  "allow-target": {
    value: "TARGET",
    repeated: true,
    description:
      "What jobs may connect to, and which name servers they may name: public, an address, a range (10.1.0.0/16), a host name, or *.example.org. All by default with sqlite:, public addresses with a broker.",
  },
  "deny-private": {
    description: "Refuse private addresses unless --allow-target gives them as an address or a range. Always on with a broker.",
  },
  location: {
    value: "NAME",
    description: "Work for this place of `probe-run watch --queue`: lower-case letters, digits and dashes. Results name it. Needs a queue on Redis.",
  },
  lease: { value: "MS", description: "How long until other workers get a job if this one dies (30000)." },
  grace: { value: "MS", description: "How long running jobs may finish after SIGTERM before they are released (25000)." },
  listen: { value: "HOST:PORT", description: "Serve /healthz, /readyz and /metrics on this address." },
  ...serverNameOption,
} as const;

export type Given = Arguments<typeof workOptions>["options"];

/** What the options ask for. */
export interface WorkSettings {
  readonly processes: number;
  readonly graceMs: number;
  readonly worker: WorkerOptions;
}

export function workSettings(given: Given, env: Io["env"]): WorkSettings {
  if (given.location !== null) atLocation(given.queue ?? env.PROBE_RUN_QUEUE ?? "", given.location);
  return {
    processes: wholeNumber("processes", given.processes, 1, 1024) ?? 1,
    graceMs: wholeNumber("grace", given.grace, 0, 86_400_000, "milliseconds") ?? GRACE_MS,
    worker: {
      concurrency: wholeNumber("concurrency", given.concurrency, 1, 100_000) ?? 16,
      leaseMs: wholeNumber("lease", given.lease, 100, 86_400_000, "milliseconds") ?? 30_000,
      ...limitsOf(given, env),
      drain: given.drain,
      ...(given.location === null ? {} : { location: given.location }),
      probes: given.probe,
      allowTargets: given["allow-target"],
      denyPrivate: given["deny-private"],
      ...(given["allow-secret"].length === 0 ? {} : { allowSecrets: given["allow-secret"] }),
    },
  };
}

/** The variables for mail sites apply to a queue of their jobs, whose keys are sites; --limit overrides them. */
function limitsOf({ limit }: Given, env: Io["env"]): Pick<WorkerOptions, "limits"> {
  if (limit.length > 0) return { limits: parseLimits(limit) };
  return namesLimits(env) ? { limits: siteLimits(env) } : {};
}

/** That of the location, if the worker has one. */
export function queueUrl({ queue, location }: Given, { env }: Io): string | null {
  return location === null ? queue : atLocation(queue ?? env.PROBE_RUN_QUEUE ?? "", location);
}

/** A worker that waits may start before the first job is enqueued. One that empties a queue which is not there has been given the wrong name. */
export function whatMayBeMissing({ drain }: Pick<Given, "drain">): Pick<BackendOptions, "mayCreate"> {
  return { mayCreate: !drain };
}

/** A worker in this process, with its queues. */
export interface WorkerSetup {
  readonly queue: Queue;
  readonly worker: Worker;
  close(): Promise<void>;
}

export async function openWorker(given: Given, { worker: options }: WorkSettings, io: Io): Promise<WorkerSetup> {
  setDefaultBehaviourFile(resolve(io.cwd, DEFAULT_FILE));
  const queue = await openQueueOption(queueUrl(given, io), io, { ...whatMayBeMissing(given), ...(given.location === null ? {} : LOCATION_OPTIONS) });
  let results: Queue | null = null;
  const close = async (): Promise<void> => {
    await results?.close();
    await queue.close();
  };
  try {
    results = given.results === null ? null : await openQueueOption(given.results, io);
    const worker = await createWorker(queue, { ...options, onTrouble: retryWarner(io), ...(results === null ? {} : { results }) });
    return { queue, worker, close };
  } catch (error) {
    await close();
    throw error;
  }
}
