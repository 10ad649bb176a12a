import type { Backend } from "../backend.js";
import type { BackendOptions } from "../backend-options.js";
import { type NatsAddress, readNatsUrl } from "./address.js";
import { NatsChannel } from "./channel.js";
import type { ChannelContext } from "./channel-context.js";
import { connectNats, type NatsClient } from "./client.js";
import { LeaseRecords } from "./lease-records.js";
import { type ChannelName, namesOf } from "./names.js";
import { Requests } from "./requests.js";
import { ServerClock } from "./server-clock.js";
import { openStreams } from "./streams.js";

/** Jobs and results in the streams of one JetStream account. */
export async function openNats(url: string, options: BackendOptions): Promise<Backend> {
  const address = readNatsUrl(url);
  const client = await connectNats(address);
  const requests = new Requests(client);
  try {
    const results = new NatsChannel(await openContext("results", client, requests, address, options), null);
    const jobs = new NatsChannel(await openContext("jobs", client, requests, address, options), results);
    return {
      address: address.shown,
      jobs,
      results,
      async close() {
        jobs.close();
        results.close();
        requests.close();
        await closeConnection(client);
      },
    };
  } catch (error) {
    await closeConnection(client);
    throw error;
  }
}

async function openContext(
  channel: ChannelName,
  client: NatsClient,
  requests: Requests,
  address: NatsAddress,
  options: BackendOptions,
): Promise<ChannelContext> {
  const names = namesOf(address.prefix, channel);
  await openStreams(client, requests, names, address, options);
  return { client, requests, names, clock: new ServerClock(requests, names), leases: new LeaseRecords(requests, names), retentionMs: options.retentionMs };
}

/** Sends what was published last, such as a released message, but does not wait for a server that is away. */
async function closeConnection({ connection }: NatsClient): Promise<void> {
  if (connection.isClosed()) return;
  await Promise.race([connection.flush().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 500).unref())]);
  await connection.close();
}
