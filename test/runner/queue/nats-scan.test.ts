import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { Backend } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { openNats } from "../../../runner/queue/nats/backend.js";
import type { NatsChannel } from "../../../runner/queue/nats/channel.js";
import { readAll, scan } from "../../../runner/queue/nats/scan.js";
import { type NatsServer, startNats } from "../../support/nats.js";
import { realServer } from "../../support/real-servers.js";
import { message } from "./backend-contract.js";

realServer("reading the leases of a queue in JetStream", ["nats-server"], () => {
  let server: NatsServer;
  let backend: Backend;
  let jobs: NatsChannel;
  beforeAll(async () => {
    server = await startNats();
    backend = await openNats(`${server.url}?prefix=${randomUUID()}`, BACKEND_DEFAULTS);
    jobs = backend.jobs as NatsChannel;
  });
  afterAll(async () => {
    await backend.close();
    await server.stop();
  });

  test("leases that end while it reads do not hold it up: the server gives no answer for them", async () => {
    const { client, names } = jobs.context;
    const ids = ["a", "b", "c"];
    await jobs.push(ids.map((id) => message(id)));
    const leased = await jobs.claim({ max: 3, leaseMs: 30_000, waitMs: 1000, limits: NO_LIMITS });
    expect(leased.map(({ id }) => id).sort()).toEqual(ids);
    expect(await scan(jobs.context, names.leases, names.lease("*"), 10)).toHaveLength(3);
    expect(await scan(jobs.context, names.leases, names.lease("*"), 2)).toHaveLength(2);

    const times: number[] = [];
    for (const one of leased) {
      const reading = await client.manager.consumers.add(names.leases, {
        ack_policy: "none",
        deliver_policy: "all",
        filter_subject: names.lease("*"),
        mem_storage: true,
      });
      await jobs.settle([{ message: one, outcome: { kind: "done", result: null } }]);
      const began = performance.now();
      const found = await readAll(jobs.context, names.leases, reading, 10);
      times.push(performance.now() - began);
      expect(found).toHaveLength(ids.length - times.length);
    }
    // Three seconds each, before the request was given up.
    expect(Math.min(...times)).toBeLessThan(2000);
  });
});
