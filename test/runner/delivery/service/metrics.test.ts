import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../../runner/delivery/create-delivery.js";
import { Ledger } from "../../../../runner/delivery/ledger/ledger.js";
import { DeliveryMetrics } from "../../../../runner/delivery/service/metrics.js";
import { run } from "../../../../runner/harness/run.js";
import { liveMetrics } from "../../../../runner/support/metrics-registry.js";
import { labels } from "../../../../runner/support/prometheus.js";
import { closeAfterEach, closing, inside, internet, mail, service } from "../../../support/delivery.js";

closeAfterEach();

/** By series, name and labels as they are written. Every line has to be one that Prometheus reads. */
function seriesIn(text: string): Map<string, number> {
  const series = new Map<string, number>();
  const described = new Set<string>();
  expect(text.endsWith("\n")).toBe(true);
  for (const line of text.trimEnd().split("\n")) {
    const about = /^# (?:HELP|TYPE) ([a-z_]+) ./.exec(line);
    if (about !== null) {
      described.add(about[1] as string);
      continue;
    }
    const [, name = "", written = "", value = ""] = /^([a-z_]+)(\{[a-z_]+="(?:[^"\\]|\\.)*"(?:,[a-z_]+="(?:[^"\\]|\\.)*")*\})? (\S+)$/.exec(line) ?? [];
    const family = described.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, "");
    expect(described, line).toContain(family);
    expect(Number(value), line).not.toBeNaN();
    expect(series.has(name + written), line).toBe(false);
    series.set(name + written, Number(value));
  }
  return series;
}

const read = (delivery: Delivery): Map<string, number> => seriesIn(delivery.metrics());
const P = "probe_run_delivery_";

describe("metrics of a delivery service", () => {
  test("count recipients by outcome, class and route, without their addresses", async () => {
    const rcpt = (address: string): string => (address.startsWith("gone") ? "550 5.1.1 User unknown" : "250 2.1.5 OK");
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt }] });
    const delivery = service(net);
    await delivery.send(mail(["bob@one.example", "gone@one.example"]));
    await delivery.send(mail("bob@one.example"));
    const series = read(delivery);
    expect(series.get(`${P}messages_total`)).toBe(2);
    expect(series.get(`${P}recipients_total{outcome="delivered",class="none",way="direct"}`)).toBe(2);
    expect(series.get(`${P}recipients_total{outcome="bounced",class="address",way="direct"}`)).toBe(1);
    expect(series.get(`${P}site_recipients_total{site="mx.example:${net.port}",outcome="delivered"}`)).toBe(2);
    expect(series.get(`${P}attempts_total{way="direct",outcome="accepted",tls="none",reused="true"}`)).toBe(1);
    expect(series.get(`${P}sessions{state="idle"}`)).toBe(1);
    expect(series.get(`${P}mx_lookups_total`)).toBe(1);
    expect(series.get(`${P}mx_cache_hits_total`)).toBe(1);
    expect(delivery.metrics()).not.toContain("@");
  });

  test("give the duration of messages, as a histogram", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { latencyMs: 15 }] });
    const delivery = service(net);
    await delivery.send(mail("bob@one.example"));
    const series = read(delivery);
    const buckets = [...series].filter(([name]) => name.startsWith(`${P}duration_seconds_bucket`)).map(([, value]) => value);
    expect(buckets.length).toBeGreaterThan(10);
    expect(buckets).toEqual([...buckets].sort((one, other) => one - other));
    expect([buckets[0], buckets.at(-1), series.get(`${P}duration_seconds_count`)]).toEqual([0, 1, 1]);
    expect(series.get(`${P}duration_seconds_sum`)).toBeGreaterThan(0.015);
  });

  test("give the number of waiting messages, by priority", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { silentAt: "rcpt" }] });
    const delivery = service(net, { limits: { sessions_per_site: 1 } });
    const sent = (["NORMAL", "HIGH", "LOW", "LOW"] as const).map((priority) => delivery.send(mail("bob@one.example", { priority })));
    await expect.poll(() => read(delivery).get(`${P}waiting{priority="LOW"}`)).toBe(2);
    const series = read(delivery);
    expect([series.get(`${P}waiting{priority="HIGH"}`), series.get(`${P}waiting{priority="NORMAL"}`)]).toEqual([1, 0]);
    expect(series.get(`${P}sessions{state="busy"}`)).toBe(1);
    expect(delivery.stats().waiting).toBe(3);
    await delivery.close();
    await Promise.all(sent);
  });

  test("give the warm-up state of an address, until it is warm", async () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-metrics-"));
    closing({ close: async () => rmSync(folder, { recursive: true }) });
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", {}] });
    Ledger.create(join(folder, "delivery.db")).close();
    const delivery = service(net, { ledger: join(folder, "delivery.db"), warm_up: [5], source_addresses: ["127.0.0.2"] });
    await delivery.send(mail(["a@one.example", "b@one.example"]));
    expect(read(delivery).get(`${P}warm_up_sent{source="127.0.0.2"}`)).toBe(2);
    expect(read(delivery).get(`${P}warm_up_limit{source="127.0.0.2"}`)).toBe(5);
    expect(service(net).metrics()).not.toContain("warm_up");
  });

  test("have a limited number of sites", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", {}] });
    const report = await service(net).send(mail("bob@one.example"));
    const meter = new DeliveryMetrics();
    const [recipient] = report.recipients;
    for (let index = 0; index < 150; index++)
      meter.count({ ...report, recipients: [{ ...(recipient as NonNullable<typeof recipient>), site: `mx${index}` }] }, 1);
    const sites = [...seriesIn(`${meter.lines().join("\n")}\n`)].filter(([name]) => name.includes("{site="));
    expect(sites).toHaveLength(101);
    expect(sites.find(([name]) => name.includes('"other"'))?.[1]).toBe(50);
  });

  test("of the engine that runs and jobs share are part of the process metrics", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", {}] });
    await run("mail.deliver", {
      ...inside(net),
      mail_from: "ada@sender.example",
      recipients: ["bob@one.example"],
      fields: { subject: "Hello", text: "Hello." },
    });
    expect(seriesIn(liveMetrics()).get(`${P}destinations`)).toBe(1);
  });
});

test("a label may contain any characters", () => {
  expect(labels({ site: 'a"b\\c\nd', way: "direct" })).toBe('{site="a\\"b\\\\c\\nd",way="direct"}');
});
