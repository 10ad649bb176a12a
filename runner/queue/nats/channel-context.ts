import type { NatsClient } from "./client.js";
import type { LeaseRecords } from "./lease-records.js";
import type { Names } from "./names.js";
import type { Requests } from "./requests.js";
import type { ServerClock } from "./server-clock.js";

/** What the functions of one channel share. */
export interface ChannelContext {
  readonly client: NatsClient;
  readonly requests: Requests;
  readonly names: Names;
  readonly clock: ServerClock;
  readonly leases: LeaseRecords;
  readonly retentionMs: number;
}
