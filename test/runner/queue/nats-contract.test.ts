import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { openNats } from "../../../runner/queue/nats/backend.js";
import { type NatsServer, startNats } from "../../support/nats.js";
import { realServer } from "../../support/real-servers.js";
import { describeBackend } from "./backend-contract.js";

realServer("a queue in JetStream", ["nats-server"], () => {
  let server: NatsServer;

  beforeAll(async () => {
    server = await startNats();
  });

  afterAll(() => server.stop());

  describeBackend("nats:", {
    leaseMs: 400,
    async fresh() {
      const url = `${server.url}?prefix=${randomUUID()}`;
      return { open: (options) => openNats(url, options), remove: async () => undefined };
    },
  });
});
