import type { NatsClient } from "./client.js";
import type { Leases } from "./leases.js";
import type { Names } from "./names.js";
import type { Requests } from "./requests.js";
import type { ServerClock } from "./server-clock.js";

/** Where the work of one channel is done. */
export interface Place {
  readonly client: NatsClient;
  readonly requests: Requests;
  readonly names: Names;
  readonly clock: ServerClock;
  readonly leases: Leases;
  readonly retentionMs: number;
}
