import { describe, expect, test } from "vitest";
import { certificatesOf } from "../../../../runner/history/certificates.js";
import { History } from "../../../../runner/history/history.js";
import { LocalHistory } from "../../../../runner/history/history-client.js";
import { IN_MEMORY } from "../../../../runner/sqlite/store-path.js";
import { readSuite } from "../../../../runner/suite/read.js";
import { CertificateWatch } from "../../../../runner/watch/certificates/certificate-watch.js";
import { expiryLevel } from "../../../../runner/watch/certificates/expiry.js";
import { type SeenCertificate, seenCertificates } from "../../../../runner/watch/certificates/seen-certificates.js";
import { watchPlanOf } from "../../../../runner/watch/watch-plan.js";
import { incidentEventContract } from "../../../../schemas/incident-event.js";
import { numbered, suiteOf } from "../simulated.js";

const DAY = 86_400_000;
const HEX = (digit: string): string => digit.repeat(64);

/** A certificate of ninety days that ends on this day. */
const certificate = (digit: string, endDay: number): SeenCertificate => ({
  fingerprint: HEX(digit),
  subject: `CN=${digit}.example`,
  notBefore: (endDay - 90) * DAY,
  notAfter: endDay * DAY,
});

async function watched(checks = 2, watch = "") {
  const history = new History(IN_MEMORY);
  const plan = await watchPlanOf(await readSuite("checks.yaml", suiteOf(watch, numbered(checks)), {}));
  const options = { onChange: () => undefined, onTrouble: () => undefined, onError: () => undefined };
  const client = new LocalHistory(history, () => undefined);
  const open = (now: number, text = plan) => CertificateWatch.open(text, client, options, now * DAY);
  const notifications = (): string[] =>
    (history.driver.prepare("SELECT body FROM outbox ORDER BY rowid").all() as { body: string }[]).map(({ body }) => {
      const event = JSON.parse(body);
      expect(incidentEventContract.faults(event)).toEqual([]);
      return `${event.data.kind}: ${event.data.reason}`;
    });
  return { history, plan, open, notifications };
}

describe("warned", () => {
  test("once for each time and fingerprint, however many checks see it and however often", async () => {
    const { plan, open, notifications } = await watched(30);
    const certificates = await open(0);
    for (const check of plan.checks) certificates.seen(check, [certificate("a", 100)], 0);
    for (let day = 0; day < 100; day++) {
      certificates.look(day * DAY);
      for (const check of plan.checks) certificates.seen(check, [certificate("a", 100)], day * DAY);
    }
    expect(notifications()).toEqual([
      expect.stringMatching(/^error: expires in 21 days, on 1970-04-11; seen by network.tcp c0, network.tcp c1, network.tcp c2 and 27 more$/),
      expect.stringMatching(/^error: expires in 7 days/),
    ]);
  });

  // Hard case 8.
  test("while its host is down; quiet when it is renewed; and again for the one after it", async () => {
    const { plan, open, notifications } = await watched();
    const [check] = plan.checks as [(typeof plan.checks)[0]];
    let certificates = await open(0);
    certificates.seen(check, [certificate("a", 100)], 0);
    // The host is down: no run sees a certificate. The watch starts again meanwhile.
    certificates.look(80 * DAY);
    certificates = await open(90);
    for (const day of [94, 99, 101]) certificates.look(day * DAY);
    expect(notifications()).toHaveLength(2);
    certificates.seen(check, [certificate("b", 190)], 102 * DAY);
    expect(notifications().at(-1)).toBe("recovered: null");
    for (const day of [103, 168]) certificates.look(day * DAY);
    expect(notifications()).toHaveLength(3);
    certificates.look(170 * DAY);
    expect(notifications().at(-1)).toMatch(/^error: expires in 20 days/);
    expect(notifications()).toHaveLength(4);
  });

  test("not again when an old certificate comes back", async () => {
    const { plan, open, notifications } = await watched();
    const [check] = plan.checks as [(typeof plan.checks)[0]];
    const certificates = await open(0);
    for (const [day, digit] of [
      [85, "a"],
      [86, "b"],
      [87, "a"],
      [88, "b"],
    ] as const)
      certificates.seen(check, [certificate(digit, digit === "a" ? 100 : 300)], day * DAY);
    expect(notifications().map((line) => line.split(":")[0])).toEqual(["error", "recovered"]);
  });

  test("a replaced one at one of two hosts is still in use", async () => {
    const { plan, open, notifications } = await watched();
    const certificates = await open(0);
    const [one, two] = plan.checks as [(typeof plan.checks)[0], (typeof plan.checks)[0]];
    for (const check of [one, two]) certificates.seen(check, [certificate("a", 100), certificate("c", 3000)], 85 * DAY);
    certificates.seen(one, [certificate("b", 300), certificate("c", 3000)], 86 * DAY);
    expect(notifications()).toHaveLength(1);
    expect(certificates.inUse).toHaveLength(3);
    expect(certificates.openIncidents(86 * DAY)).toHaveLength(1);
    certificates.seen(two, [certificate("b", 300), certificate("c", 3000)], 86 * DAY);
    expect(notifications()).toHaveLength(2);
    expect(certificates.openIncidents(86 * DAY)).toEqual([]);
  });

  test("a check that the file no longer has closes it as removed; [] warns of nothing", async () => {
    const { plan, open, notifications } = await watched();
    (await open(0)).seen(plan.checks[0] as (typeof plan.checks)[0], [certificate("a", 100)], 85 * DAY);
    const fewer = { ...plan, checks: plan.checks.slice(1) };
    await open(86, fewer);
    await open(87, fewer);
    expect(notifications().map((line) => line.split(":")[0])).toEqual(["error", "removed"]);
    const quiet = await watched(2, "certificates: []");
    (await quiet.open(0)).seen(quiet.plan.checks[0] as (typeof plan.checks)[0], [certificate("a", 100)], 99 * DAY);
    expect(quiet.notifications()).toEqual([]);
  });
});

test("a certificate that many checks see costs each of them the same, and is known after a restart", async () => {
  const { plan, open, history } = await watched(2000);
  const certificates = await open(0);
  const asked: number[] = [];
  const { ask } = certificates.history;
  Object.assign(certificates.history, {
    ask: (...given: Parameters<typeof ask>) => {
      asked.push(JSON.stringify(given).length);
      return ask.apply(certificates.history, given);
    },
  });
  for (const check of plan.checks) certificates.seen(check, [certificate("a", 100)], 0);
  expect(asked).toHaveLength(2000);
  expect(Math.max(...asked) - Math.min(...asked)).toBeLessThan(10);
  expect(certificatesOf(history, plan.suite)).toMatchObject([{ checks: { length: 2000 } }]);
  const again = await open(1);
  const rows = asked.length;
  for (const check of plan.checks) again.seen(check, [certificate("a", 100)], DAY);
  expect(asked).toHaveLength(rows);
});

test("a certificate of six days is due in its last third, and not from its first day", () => {
  const warn = [21 * DAY, 7 * DAY];
  const short = { notBefore: 0, notAfter: 6 * DAY };
  expect([0, 3.9, 4, 6].map((day) => expiryLevel(short, warn, day * DAY))).toEqual([0, 0, 2, 2]);
});

test("found in the output of any probe, without those of this machine's trust store", () => {
  const facts = (fingerprint: string) => ({
    subject: "CN=x",
    fingerprint_sha256: fingerprint,
    not_before: "2026-01-01T00:00:00Z",
    not_after: "2026-04-01T00:00:00Z",
  });
  const colons = HEX("A").match(/../g)?.join(":") as string;
  const output = {
    tls: { certificate: facts(colons), chain: [facts(colons), facts(HEX("b"))], verified_chain: [facts(HEX("c"))] },
    hops: [{ tls: { certificate: facts(HEX("d")) } }, { certificate: { ...facts(HEX("e")), not_after: "soon" } }, { certificate: facts("no fingerprint") }],
  };
  expect(
    seenCertificates(output)
      .map(({ fingerprint }) => fingerprint[0])
      .sort(),
  ).toEqual(["a", "b", "d"]);
  const deep: Record<string, unknown> = {};
  let inner = deep;
  for (let depth = 0; depth < 10_000; depth++) inner = inner.inner = {};
  expect(seenCertificates([deep, Array.from({ length: 100_000 }, () => ({}))])).toEqual([]);
});
