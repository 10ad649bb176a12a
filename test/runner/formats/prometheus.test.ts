import { execFile } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { addressHash } from "../../../runner/formats/metrics/address.js";
import { prometheus } from "../../../runner/formats/prometheus.js";
import type { RunResult } from "../../../runner/formats/run-result.js";
import { labOf } from "../../../runner/harness/registry.js";
import { runReport } from "../../../runner/harness/run.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { broken, ENDED_AT, failed, HOSTILE, rendered, result, step } from "./results.js";

/** Samples by what stands before the value. */
function samples(text: string): Record<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

const MX = 'probe="network.smtp",target="mx.example.org:25"';

test("a run as numbers", () => {
  const operations = [step("resolve", 0, 3), step("EHLO", 3, 1.5, 250), step("EHLO", 5, null)];
  expect(samples(rendered(prometheus(), [result({ operations })]))).toEqual({
    [`probe_success{${MX}}`]: 1,
    [`probe_duration_seconds{${MX}}`]: 0.10025,
    [`probe_dns_lookup_time_seconds{${MX}}`]: 0.003,
    [`probe_ip_protocol{${MX}}`]: 4,
    [`probe_ip_addr_hash{${MX}}`]: addressHash("192.0.2.7"),
    [`probe_status{${MX},status="ok"}`]: 1,
    [`probe_status{${MX},status="warning"}`]: 0,
    [`probe_status{${MX},status="error"}`]: 0,
    [`probe_operation_duration_seconds{${MX},operation="resolve"}`]: 0.003,
    [`probe_operation_duration_seconds{${MX},operation="EHLO"}`]: 0.0015,
    [`probe_operation_code{${MX},operation="EHLO"}`]: 250,
  });
});

test("why a run failed; and one that could not be made", () => {
  expect(samples(rendered(prometheus(), [failed("connect", "refused", "connection refused")]))).toMatchObject({
    [`probe_success{${MX}}`]: 0,
    [`probe_failure_info{${MX},phase="connect",code="refused"}`]: 1,
  });
  expect(samples(rendered(prometheus(), [broken("a bug")]))).toEqual({ [`probe_success{${MX}}`]: 0 });
});

test("runs of the same target: the last one counts, and each metric has one block", () => {
  const text = rendered(prometheus(), [failed("connect", "refused", "x"), result({}, { target: "b:25" }), result()]);
  expect(text.match(/^# TYPE probe_success gauge$/gm)).toHaveLength(1);
  expect(samples(text)[`probe_success{${MX}}`]).toBe(1);
});

describe("the hash of an address is FNV-1a over its bytes", () => {
  test.each([
    ["127.0.0.1", [127, 0, 0, 1]],
    ["::1", [...Array.from({ length: 15 }, () => 0), 1]],
    ["2001:db8::ff00:42", [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0x42]],
    ["::ffff:192.0.2.7", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7]],
  ])("%s", (address, bytes) => {
    let expected = 2166136261n;
    for (const byte of bytes) expected = ((expected ^ BigInt(byte)) * 16777619n) & 0xffffffffn;
    expect(addressHash(address)).toBe(Number(expected));
  });
});

realServer("promtool takes it", ["promtool"], () => {
  test.each(["network.smtp", "webapp.http", "network.dns", "network.tcp", "security.ldap"])("every server of %s's lab", async (name) => {
    const lab = await (await labOf(name))?.start(() => 0);
    const results: RunResult[] = [];
    try {
      for (const { name: server, input } of lab?.servers ?? []) {
        const report = await runReport(name, { ...input, timeout_ms: 1500 });
        results.push({ probe: name, target: server, report, error: null, endedAt: ENDED_AT });
      }
    } finally {
      await lab?.close();
    }
    expect(results.length).toBeGreaterThan(1);
    expect(await promtool(rendered(prometheus(), results))).toBe("");
  });

  test("hostile text in labels", async () => {
    const hostile = result({ operations: [step(HOSTILE, 0, 1), step('a"b\\', 0, 1)] }, { target: HOSTILE });
    expect(await promtool(rendered(prometheus(), [hostile, broken(HOSTILE)]))).toBe("");
  });
});

/** What `promtool check metrics` complains about. */
function promtool(text: string): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(programPath("promtool") as string, ["check", "metrics"], (error, stdout, stderr) =>
      resolve(`${stdout}${stderr}${error === null || stderr !== "" ? "" : error.message}`),
    );
    child.stdin?.end(text);
  });
}

describe("of a web server", () => {
  let text: string;
  beforeAll(async () => {
    const lab = await (await labOf("webapp.http"))?.start(() => 0);
    const first = lab?.servers.find(({ input }) => String(input.url).startsWith("https:")) ?? lab?.servers[0];
    const report = await runReport("webapp.http", first?.input ?? {});
    text = rendered(prometheus(), [{ probe: "webapp.http", target: "x", report, error: null, endedAt: ENDED_AT }]);
    await lab?.close();
  });

  test("the names that dashboards of blackbox_exporter use", () => {
    const names = new Set(Object.keys(samples(text)).map((each) => each.split("{")[0]));
    expect([...names]).toEqual(expect.arrayContaining(["probe_http_status_code", "probe_http_version", "probe_http_ssl", "probe_http_duration_seconds"]));
    const phases = Object.keys(samples(text)).flatMap((each) => /probe_http_duration_seconds.*phase="(\w+)"/.exec(each)?.[1] ?? []);
    expect(phases).toEqual(["resolve", "connect", "tls", "processing", "transfer"]);
  });
});
