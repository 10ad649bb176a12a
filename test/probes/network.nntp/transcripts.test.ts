import { expect, test } from "vitest";
import lab from "../../../probes/network.nntp/lab.js";
import networkNntp from "../../../probes/network.nntp/probe.js";
import { runReport } from "../../../runner/harness/run.js";
import { testGoldens } from "../../support/golden-transcripts.js";

testGoldens({
  probe: networkNntp,
  version: "1.0.0",
  input: { target_host: "127.0.0.1", connect_timeout_ms: 2000, command_timeout_ms: 3000, timeout_ms: 8000 },
  port: "target_port",
  atLeast: 11,
});

test("every server of the lab is fine", async () => {
  const running = await lab.start(() => 0);
  try {
    for (const { input } of running.servers)
      expect((await runReport("network.nntp", input)).carried).toMatchObject({ status: "ok", failure: null, anomalies: [] });
  } finally {
    await running.close();
  }
});

test("a password is not sent in plain text unless that is allowed", async () => {
  const running = await lab.start(() => 0);
  try {
    const [plain] = running.servers;
    const { carried } = await runReport("network.nntp", { ...plain?.input, auth: { username: "ann", password: "correct-horse" } });
    expect(carried).toMatchObject({ status: "error", failure: { phase: "auth", code: "not_permitted" }, auth: { accepted: false } });
    expect(carried.operations.map(({ name }) => name)).not.toContain("AUTHINFO USER");
  } finally {
    await running.close();
  }
});
