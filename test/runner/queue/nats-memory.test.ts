import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { Backend, LeasedMessage } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { lastFailure } from "../../../runner/queue/last-failure.js";
import { openNats } from "../../../runner/queue/nats/backend.js";
import type { NatsChannel } from "../../../runner/queue/nats/channel.js";
import { tokenOf } from "../../../runner/queue/nats/names.js";
import { sweepStates } from "../../../runner/queue/nats/sweep.js";
import { type NatsServer, startNats } from "../../support/nats.js";
import { realServer } from "../../support/real-servers.js";
import { message } from "./backend-contract.js";

realServer("what jobs keep in JetStream", ["nats-server"], () => {
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

  const texts = async (): Promise<number> => (await jobs.context.client.manager.streams.info(jobs.context.names.states)).state.messages;
  const claim = (max: number) => jobs.claim({ max, leaseMs: 30_000, waitMs: 1000, limits: NO_LIMITS });

  test("one state per job, and none once it is done; a sweep removes only states without a reference", async () => {
    await jobs.push([message("held"), message("dead"), message("done")]);
    const [held, dead, done] = (await claim(3)) as [LeasedMessage, LeasedMessage, LeasedMessage];
    for (const state of ["first", "second"]) await jobs.saveState([held, dead, done].map((leased) => ({ message: leased, state })));
    expect(await texts()).toBe(3);
    await jobs.settle([
      { message: dead, outcome: { kind: "dead", failure: lastFailure("worker_error", "it threw") } },
      { message: done, outcome: { kind: "done", result: null } },
    ]);
    expect(await texts()).toBe(2);

    // Their writer died before they were referenced: of a held job, and of one that no longer exists.
    const { requests, names } = jobs.context;
    for (const id of ["held", "done"]) await requests.write({ stream: names.states, subject: names.state(tokenOf(id)), body: "lost" });
    expect(await sweepStates(jobs.context, 1)).toBe(1);
    expect(await texts()).toBe(4);
    await sweepStates(jobs.context, 1, 0);
    expect(await texts()).toBe(2);

    await jobs.settle([{ message: held, outcome: { kind: "release" } }]);
    expect(await jobs.retryDead(["dead"])).toBe(1);
    await sweepStates(jobs.context, 1, 0);
    expect((await claim(2)).map(({ id, savedState }) => [id, savedState]).sort()).toEqual([
      ["dead", "second"],
      ["held", "second"],
    ]);
  });

  test("purging dead letters removes their states", async () => {
    const before = await texts();
    await jobs.push([message("gone")]);
    const [gone] = (await claim(1)) as [LeasedMessage];
    await jobs.saveState([{ message: gone, state: "something" }]);
    await jobs.settle([{ message: gone, outcome: { kind: "dead", failure: lastFailure("worker_error", "it threw") } }]);
    expect(await texts()).toBe(before + 1);
    expect(await jobs.purge("dead")).toBe(1);
    expect(await texts()).toBe(before);
  });
});
