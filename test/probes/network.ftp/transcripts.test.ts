import { expect, test } from "vitest";
import lab from "../../../probes/network.ftp/lab.js";
import networkFtp from "../../../probes/network.ftp/probe.js";
import { runReport } from "../../../runner/harness/run.js";
import { testGoldens } from "../../support/golden-transcripts.js";

testGoldens({
  probe: networkFtp,
  version: "1.0.0",
  input: { target_host: "127.0.0.1", connect_timeout_ms: 2000, command_timeout_ms: 3000, timeout_ms: 8000 },
  port: "target_port",
  atLeast: 22,
});

test("every server of the lab is as its summary says", async () => {
  const running = await lab.start(() => 0);
  try {
    for (const { name, input } of running.servers) {
      const { carried } = await runReport("network.ftp", input);
      expect(carried, name).toMatchObject({ status: name === "behind-nat" ? "warning" : "ok", failure: null, anomalies: [] });
    }
  } finally {
    await running.close();
  }
});
