import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectProbe, playTranscript, probeTest, suiteTests, type TranscriptServer } from "../../../runner/vitest/index.js";

const server = await playTranscript("S: 220 mx ESMTP\nC: EHLO *\nS: 250-mx\nS: 250 SIZE 1000\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n");
const target = { target_host: server.host, target_port: server.port };
let rejecting: TranscriptServer;

beforeAll(async () => {
  rejecting = await playTranscript("S: 554 \\x1b[2Jgo away\n");
});
afterAll(async () => {
  await rejecting.close();
  await server.close();
  expect(server.mismatches).toEqual([]);
});

describe("probeTest", () => {
  probeTest("hands the envelope over", "network.smtp", target, ({ output, queue }) => {
    expect(output.banner).toBe("mx ESMTP");
    expect(queue).toEqual(output);
  });

  probeTest.concurrent("runs beside others", "network.smtp@2", target, ({ output }) => {
    expect(output.size.bytes).toBe(1000);
  });

  probeTest("takes a deadline", "network.smtp", { ...target, target_port: 1 }, ({ output }) => expect(output.failure?.code).toBe("refused"), {
    timeoutMs: 2000,
  });

  let other = 0;
  probeTest(
    "serves older versions",
    "network.smtp@1.0.0",
    { target_host: server.host, target_port: String(server.port), send_email_flag: "False" },
    ({ output }) => {
      other += 1;
      expect(output.noop_op?.status_code).toBe("250");
    },
  );
  test("calls its check once", () => expect(other).toBe(1));
});

describe("expectProbe", () => {
  test("is fulfilled by what is so, and gives the output back", async () => {
    const output = await expectProbe("network.smtp@2", target).toBeOk();
    expect(output.banner).toBe("mx ESMTP");
    await expectProbe("network.smtp", target).toMatch({ status: "ok", size: { bytes: 1000 }, banner: expect.stringContaining("ESMTP") });
    await expectProbe("network.smtp", { target_host: rejecting.host, target_port: rejecting.port }).toFailWith({ phase: "greeting", reply_code: 554 });
  });

  test("runs the probe once, however much is asked of it", async () => {
    const before = server.connections;
    const expectation = expectProbe("network.smtp", target);
    await Promise.all([expectation.toBeOk(), expectation.toMatch({ status: "ok" })]);
    expect(server.connections).toBe(before + 1);
  });

  test("says what the run did when it is not fulfilled, and where it was asked", async () => {
    const expectation = expectProbe("network.smtp", { target_host: rejecting.host, target_port: rejecting.port });
    const error = await expectation.toBeOk().catch((thrown: Error) => thrown as Error);
    expect(error).toBeInstanceOf(Error);
    const { message, stack = "" } = error as Error;
    expect(message).toMatch(/^status: expected ok, got error \(reply_rejected in greeting \(554\): .*go away/);
    expect(message).toMatch(/✗ {2}greeting +\d+\.\d +\d+\.\d +554 {3}/);
    expect(message).not.toContain("\u001b");
    expect(stack.slice(0, stack.indexOf("\n    at "))).toBe(`Error: ${message}`);
    expect(/\n {4}at .*/.exec(stack)?.[0]).toContain("probe-test.test.ts");
  });

  test("keeps vitest's own words and difference", async () => {
    const error = await expectProbe("network.smtp", target)
      .toMatch({ banner: "another server" })
      .catch((thrown: Error) => thrown as Error);
    expect(error).toMatchObject({ name: "AssertionError", expected: { banner: "another server" } });
    expect((error as Error).message).toMatch(/to match object[\s\S]*network\.smtp@2\.0\.0 \(127\.0\.0\.1\): ok[\s\S]*NOOP/);
    expect(/\n {4}at .*/.exec((error as Error).stack ?? "")?.[0]).toContain("probe-test.test.ts");
  });

  test("awaited without a matcher is an error", async () => {
    const awaited = async () => void (await expectProbe("network.smtp", target));
    await expect(awaited()).rejects.toThrow(/^expectProbe\(…\) runs nothing without a matcher/);
  });

  test("reports an invalid request", async () => {
    await expect(expectProbe("network.smtp", { target_host: "a b" }).toBeOk()).rejects.toMatchObject({ name: "RequestError", code: "invalid_input" });
  });
});

process.env.PROBE_RUN_LAB_PORT = String(server.port);
await suiteTests(new URL("../../../fixtures/suites/mail.yaml", import.meta.url).pathname);
