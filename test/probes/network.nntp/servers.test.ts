import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/network.nntp/schema.js";
import { run } from "../../../runner/harness/run.js";
import { NEWS_ACCOUNT, startLeafnode, startNnrpd } from "../../support/news-servers.js";
import { realServer } from "../../support/real-servers.js";
import type { RunningDaemon } from "../../support/run-daemon.js";

let running: RunningDaemon | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

async function ask(input: object = {}): Promise<Output> {
  const target = { target_host: "127.0.0.1", target_port: running?.port, command_timeout_ms: 20_000, timeout_ms: 60_000 };
  return (await run("network.nntp", { ...target, ...input } as never)).output as Output;
}

const keywords = ({ capabilities }: Output): string[] => (capabilities ?? []).map(({ keyword }) => keyword);

realServer("network.nntp against INN", ["nnrpd"], () => {
  const tls = { mode: "starttls", verify: "ignore" };

  test("capabilities, STARTTLS and a login", async () => {
    running = await startNnrpd();
    const plain = await ask({ tls: { mode: "none" }, expect: { posting: true, capabilities: ["READER", "STARTTLS"] } });
    expect(plain).toMatchObject({ status: "ok", failure: null, tls: null, banner: expect.stringContaining("INN 2."), posting: true });
    const output = await ask({ tls, auth: NEWS_ACCOUNT, expect: { posting: true } });
    expect(output).toMatchObject({ status: "ok", failure: null, starttls: "secured", tls: { version: "TLSv1.3" }, auth: { accepted: true } });
    expect(keywords(output)).toContain("READER");
    // Inside TLS it is no longer offered.
    expect([keywords(plain).includes("STARTTLS"), keywords(output).includes("STARTTLS")]).toEqual([true, false]);
    expect(output.response_time_ms).toBeGreaterThan(0);
    expect(JSON.stringify(output)).not.toContain(NEWS_ACCOUNT.password);
  });

  test("a wrong password is refused, and will be again", async () => {
    running = await startNnrpd();
    const auth = { ...NEWS_ACCOUNT, password: "wrong-password" };
    expect(await ask({ tls, auth })).toMatchObject({
      status: "error",
      failure: { phase: "auth", code: "reply_rejected", reply_code: 481, retryable: false },
      auth: { accepted: false },
    });
  });

  test("a server without posting, and one that requires a login first", async () => {
    running = await startNnrpd({ posting: false });
    expect(await ask({ tls, expect: { posting: true } })).toMatchObject({ status: "error", posting: false, findings: [{ reason: "posting_differs" }] });
    await running.stop();
    running = await startNnrpd({ everyoneReads: false });
    const stranger = await ask({ tls });
    expect(stranger).toMatchObject({ failure: null, auth: null, banner: expect.stringContaining("(no posting)") });
    expect(await ask({ tls, auth: NEWS_ACCOUNT })).toMatchObject({ status: "ok", auth: { accepted: true } });
  });
});

realServer("network.nntp against leafnode", ["leafnode", "socat"], () => {
  test("a server from before RFC 3977, without CAPABILITIES and STARTTLS", async () => {
    running = await startLeafnode();
    const output = await ask();
    expect(output).toMatchObject({ status: "ok", failure: null, capabilities: null, posting: true, tls: null, starttls: "not_offered" });
    expect(output.banner).toContain("Leafnode");
    expect(output.response_time_ms).toBeGreaterThan(0);
    expect(await ask({ tls: { mode: "starttls" } })).toMatchObject({ status: "error", failure: { phase: "starttls" } });
  });
});
