import type { StreamConfig } from "@nats-io/jetstream";
import type { BackendOptions } from "../backend-options.js";
import { QueueError } from "../queue-error.js";
import type { NatsAddress } from "./address.js";
import type { NatsClient } from "./client.js";
import { API_CODE, apiCodeOf } from "./errors.js";
import { type Names, PRIORITIES } from "./names.js";
import type { Requests } from "./requests.js";

type Config = Partial<StreamConfig> & { name: string };

const NANOSECONDS = 1_000_000;
/** The server's minimum. A shorter age would not help, since a push compares the time itself. */
const LEAST_AGE_MS = 3_600_000;
/** The server's own de-duplication is not used: after a restart it forgets ids that the work queue no longer holds. */
const DUPLICATE_WINDOW_MS = 100;

/** Creates the streams of a channel if they do not exist. */
export async function openStreams(client: NatsClient, requests: Requests, names: Names, address: NatsAddress, options: BackendOptions): Promise<void> {
  await Promise.all(configs(names, address, options).map((config) => openStream(client, requests, config, options.mayCreate)));
}

function configs(names: Names, { replicas }: NatsAddress, { retentionMs }: BackendOptions): Config[] {
  const common = { storage: "file", num_replicas: replicas, duplicate_window: DUPLICATE_WINDOW_MS * NANOSECONDS } as const;
  // One message per subject: a new record replaces the previous one.
  const records = { ...common, max_msgs_per_subject: 1 };
  return [
    { ...common, name: names.queue, subjects: PRIORITIES.map((priority) => names.queued(priority, "*")), retention: "workqueue" },
    { ...records, name: names.leases, subjects: [names.lease("*"), names.paused, names.clock, names.claimLock] },
    { ...records, name: names.done, subjects: [names.doneId("*")], max_age: Math.max(retentionMs, LEAST_AGE_MS) * NANOSECONDS },
    { ...records, name: names.dead, subjects: [names.deadLetter("*")] },
    { ...common, name: names.states, subjects: [names.state("*")] },
  ];
}

async function openStream(client: NatsClient, requests: Requests, config: Config, mayCreate: boolean): Promise<void> {
  const { streams } = client.manager;
  const found = await requests.retry(() => streams.info(config.name).catch(noStream));
  if (found === null) {
    if (!mayCreate) {
      const todo = "check the URL, or create it with `probe-run enqueue`";
      throw new QueueError("not_a_queue", `there is no queue at ${client.address}: it has no stream ${config.name}. ${todo}`);
    }
    await requests.retry(() => streams.add(config));
    return;
  }
  if (found.config.max_msgs_per_subject !== (config.max_msgs_per_subject ?? -1) || found.config.retention !== (config.retention ?? "limits")) {
    throw new QueueError("not_a_queue", `the stream ${config.name} at ${client.address} belongs to another program, and was not changed. Use another prefix`);
  }
  // The longest retention time of all processes wins.
  if (config.max_age !== undefined && found.config.max_age < config.max_age) {
    const { max_age } = config;
    await requests.retry(() => streams.update(config.name, { max_age }));
  }
}

function noStream(error: unknown): null {
  if (apiCodeOf(error) === API_CODE.noStream) return null;
  throw error;
}
