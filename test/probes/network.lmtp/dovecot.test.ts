import { afterAll, beforeAll, expect, test } from "vitest";
import lab from "../../../probes/network.lmtp/lab.js";
import { runReport } from "../../../runner/harness/run.js";
import { type Dovecot, startDovecot } from "../../support/dovecot.js";
import { realServer } from "../../support/real-servers.js";

realServer("network.lmtp against dovecot", ["dovecot", "dovecot-lmtp"], () => {
  let dovecot: Dovecot;
  beforeAll(async () => {
    dovecot = await startDovecot();
  });
  afterAll(() => dovecot?.stop());

  test("greets, lists what it can do, and says goodbye", async () => {
    const input = { target_host: "127.0.0.1", target_port: dovecot.lmtp, tls: { mode: "none" }, expect: { capabilities: ["PIPELINING", "8BITMIME"] } };
    const { carried } = await runReport("network.lmtp", input);
    expect(carried).toMatchObject({ status: "ok", failure: null, anomalies: [], findings: [], banner: expect.stringContaining("Dovecot") });
    expect(carried.operations.map(({ name }) => name)).toEqual(["connect", "greeting", "LHLO", "NOOP", "QUIT"]);
  });
});

test("of the lab's servers only the one of SMTP fails", async () => {
  const running = await lab.start(() => 0);
  try {
    for (const { name, input } of running.servers)
      expect((await runReport("network.lmtp", input)).carried, name).toMatchObject(
        name === "smtp" ? { failure: { phase: "ehlo", code: "reply_rejected" } } : { status: "ok", failure: null },
      );
  } finally {
    await running.close();
  }
});
