import { resolve } from "node:path";
import { parseLimits } from "../../limits/parse-limits.js";
import { namesLimits, siteLimits } from "../../mail-sites/limits.js";
import { createWorker, type WorkerOptions } from "../../queue/create-worker.js";
import type { Queue } from "../../queue/queue.js";
import type { Worker } from "../../queue/worker.js";
import { DEFAULT_FILE, keepBehaviourIn } from "../../sqlite/store-path.js";
import { type Arguments, wholeNumber } from "../arguments.js";
import type { Io } from "../io.js";
import { openGiven } from "../open-queue-option.js";
import { queueOption } from "../queue-option.js";
import { shortSecretsOption } from "../short-secrets.js";
import { troubleTeller } from "../warn-once.js";

export const workOptions = {
  queue: queueOption,
  results: { value: "URL", description: "Push results there instead of to the same queue: https://…, amqp://…, file:x.jsonl, stdout:, or another queue." },
  concurrency: { value: "N", description: "How many jobs run at once, in each process (16)." },
  processes: { value: "N", description: "How many processes work (1). One that dies is started again." },
  drain: { description: "End when nothing is left to do, instead of waiting for more." },
  limit: {
    value: "LIMIT",
    repeated: true,
    description:
      "50 at once, 100/s or 30/min; key=… for each key, key:NAME=… for one. All workers of a queue take the same. Without it, what a probe brings with it holds in each process.",
  },
  probe: {
    value: "FILE",
    repeated: true,
    description: "Load this probe too, so that jobs may name it: a file or a package. A worker does not read the configuration.",
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
  lease: { value: "MS", description: "How long a job stays away from others when its worker dies (30000)." },
  grace: { value: "MS", description: "How long what runs may go on after SIGTERM before it is given back (25000)." },
  listen: { value: "HOST:PORT", description: "Serve /healthz, /readyz and /metrics there." },
} as const;

export type Given = Arguments<typeof workOptions>["options"];

/** What a command line asks of a worker. */
export interface Order {
  readonly processes: number;
  readonly graceMs: number;
  readonly worker: WorkerOptions;
}

export function orderOf(given: Given, env: Io["env"]): Order {
  return {
    processes: wholeNumber("processes", given.processes, 1, 1024) ?? 1,
    graceMs: wholeNumber("grace", given.grace, 0, 86_400_000) ?? 25_000,
    worker: {
      concurrency: wholeNumber("concurrency", given.concurrency, 1, 100_000) ?? 16,
      leaseMs: wholeNumber("lease", given.lease, 100, 86_400_000) ?? 30_000,
      ...limitsOf(given, env),
      drain: given.drain,
      probes: given.probe,
      allowTargets: given["allow-target"],
      denyPrivate: given["deny-private"],
      ...(given["allow-secret"].length === 0 ? {} : { allowSecrets: given["allow-secret"] }),
    },
  };
}

/** What the environment says of mail sites is for a queue of their jobs, which are keyed by site; --limit wins over all of it. */
function limitsOf({ limit }: Given, env: Io["env"]): Pick<WorkerOptions, "limits"> {
  if (limit.length > 0) return { limits: parseLimits(limit) };
  return namesLimits(env) ? { limits: siteLimits(env) } : {};
}

/** A worker of this process, with the queues it needs. */
export interface Station {
  readonly queue: Queue;
  readonly worker: Worker;
  close(): Promise<void>;
}

export async function setUp(given: Given, { worker: options }: Order, io: Io): Promise<Station> {
  keepBehaviourIn(resolve(io.cwd, DEFAULT_FILE));
  const queue = await openGiven(given.queue, io);
  let results: Queue | null = null;
  const close = async (): Promise<void> => {
    await results?.close();
    await queue.close();
  };
  try {
    results = given.results === null ? null : await openGiven(given.results, io);
    const worker = await createWorker(queue, { ...options, onTrouble: troubleTeller(io), ...(results === null ? {} : { results }) });
    return { queue, worker, close };
  } catch (error) {
    await close();
    throw error;
  }
}
