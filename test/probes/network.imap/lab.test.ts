import { afterAll, beforeAll, expect, test } from "vitest";
import lab from "../../../probes/network.imap/lab.js";
import type { RunningLab } from "../../../runner/harness/define-lab.js";
import { runReport } from "../../../runner/harness/run.js";

let running: RunningLab;
beforeAll(async () => {
  running = await lab.start(() => 0);
});
afterAll(() => running.close());

test.each([
  ["plain", "ok", { starttls: "not_offered" }],
  ["starttls", "ok", { starttls: "secured" }],
  ["implicit", "ok", { tls: { version: "TLSv1.3" } }],
  ["auth", "ok", { auth: { accepted: true } }],
  ["preauth", "warning", { greeting: "preauth" }],
  ["slow", "warning", { findings: [{ reason: "slow_response" }] }],
])("the lab's server %s gives %s", async (name, status, expected) => {
  const input = running.servers.find((server) => server.name === name)?.input;
  const { carried } = await runReport("network.imap", { ...input, tls: { verify: "ignore", ...(input?.tls as object) } });
  expect(carried).toMatchObject({ status, failure: null, anomalies: [], ...expected });
});
