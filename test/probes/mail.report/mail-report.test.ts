import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.report/schema.js";
import { run } from "../../../runner/harness/run.js";

const AGGREGATE = readFileSync(new URL("../../../fixtures/mail.report/rfc7489.xml", import.meta.url), "utf8");
const TLS = readFileSync(new URL("../../../fixtures/mail.report/rfc8460.json", import.meta.url), "utf8");

async function read(input: Record<string, unknown>): Promise<Output> {
  return (await run("mail.report", input)).output as Output;
}

describe("mail.report", () => {
  test("failed messages are a warning with their number and sources", async () => {
    const { status, findings, failure } = await read({ report: AGGREGATE });
    expect({ status, failure }).toEqual({ status: "warning", failure: null });
    expect(findings).toEqual([
      { severity: "warning", reason: "dmarc_fail", message: "8 of 10 messages failed DMARC, from 2 sources", expected: "10", actual: "2" },
    ]);
  });

  test("failed TLS sessions are a warning with their types", async () => {
    const { status, findings } = await read({ report_base64: gzipSync(TLS).toString("base64") });
    expect(status).toBe("warning");
    expect(findings.map(({ message }) => message)).toEqual([
      "303 of 5636 sessions failed: starttls-not-supported 200, certificate-expired 100, validation-failure 3",
    ]);
  });

  test("a report in which all passed is ok, and the same packed or not", async () => {
    const good = AGGREGATE.replace(/<spf>fail<\/spf>/g, "<spf>pass</spf>");
    const { duration_ms: _, ...plain } = await read({ report: good });
    expect(plain).toMatchObject({ status: "ok", findings: [] });
    const { duration_ms: __, ...zipped } = await read({ report_base64: gzipSync(good).toString("base64") });
    expect(zipped).toEqual({ ...plain, packing: ["gzip"] });
  });

  test("what cannot be read is a failure with its reason", async () => {
    const { status, failure } = await read({ report: "Hello." });
    expect(status).toBe("error");
    expect(failure).toMatchObject({ phase: "unpack", code: "unsupported", retryable: false });
  });

  test("both fields, neither field, and bytes that are no base64 are wrong requests", async () => {
    for (const input of [{}, { report: "a", report_base64: "YWJj" }, { report_base64: "a!bc" }]) await expect(read(input)).rejects.toThrow();
  });
});
