import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Decision } from "../../../../runner/delivery/outcome/decision.js";
import { RouteStatistics } from "../../../../runner/delivery/route/route-statistics.js";
import { type SmtpServer, startSmtpServer } from "../../../../runner/lab/smtp-server.js";
import { playTranscript } from "../../../../runner/lab/transcript-server.js";
import { IN_MEMORY } from "../../../../runner/sqlite/store-path.js";
import type { DeliveryWay } from "../../../../schemas/delivery-route.js";
import { closeAfterEach, closing, internet, mail, only, service } from "../../../support/delivery.js";
import type { MxBehaviour } from "../../../support/fake-internet.js";

closeAfterEach();

const ONE = "one MX 10 mx";

async function relay(options: Parameters<typeof startSmtpServer>[0] = {}): Promise<SmtpServer> {
  return closing(await startSmtpServer(options));
}

const plain = ({ port }: { port: number }, host = "127.0.0.1") => ({ host, port, tls: { mode: "none" as const } });

describe("relay", () => {
  test("gets the messages to all domains over one session", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const server = await relay();
    const delivery = service(net, { mode: "relay", relays: [plain(server)] });
    const report = await delivery.send(mail(["bob@one.example", "cem@elsewhere.example"]));
    expect(report.recipients).toMatchObject([
      { outcome: "delivered", way: "relay", way_reason: "configured", said_by: "relay", site: null },
      { outcome: "delivered", way: "relay" },
    ]);
    await delivery.send(mail("bob@one.example"));
    expect(server.connections).toBe(1);
    expect(server.messages).toHaveLength(2);
    expect(net.questions).toEqual([]);
    expect(delivery.stats()).toMatchObject({ mode: "relay", relay_sent: 3, relay_service: { sent: 3, pool_size: 1, running: true } });
  });

  test.each(["starttls", "implicit"] as const)("the session is secured and authenticated: %s", async (mode) => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const server = await relay({ tls: mode, auth: { username: "ada", password: "correct-horse" } });
    const tls = { mode, ca: server.certificate as string };
    const good = { host: "127.0.0.1", port: server.port, tls, auth: { username: "ada", password: "correct-horse" } };
    const report = await service(net, { mode: "relay", relays: [good] }).send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome: "delivered" });
    expect(report.attempts[0]).toMatchObject({ tls: "secured", ip_address: "127.0.0.1" });
    expect(report.attempts[0]?.operations.map(({ name }) => name)).toContainEqual(expect.stringMatching(/^AUTH /));
    const untrusted = await service(net, { mode: "relay", relays: [{ ...good, tls: { mode } }] }).send(mail("bob@one.example"));
    expect(only(untrusted)).toMatchObject({ outcome: "failed", class: "tls" });
    const wrong = await service(net, { mode: "relay", relays: [{ ...good, auth: { username: "ada", password: "wrong-horse" } }] }).send(
      mail("bob@one.example"),
    );
    expect(only(wrong)).toMatchObject({ outcome: "failed", class: "auth", decided_at: "auth" });
    expect(JSON.stringify(wrong)).not.toContain("wrong-horse");
    expect(server.messages).toHaveLength(1);
  });

  test("the next relay is used if the first is unreachable; not if it refused the message", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const [gone, server] = [await relay(), await relay()];
    await gone.close();
    const report = await service(net, { mode: "relay", relays: [plain(gone), plain(server)] }).send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome: "delivered", attempts: [0, 1] });
    const refusing = await internet(ONE, { mx: ["127.0.0.11", { rcpt: () => "550 5.1.1 unknown" }] });
    const refused = await service(net, { mode: "relay", relays: [plain(refusing, "127.0.0.11"), plain(server)] }).send(mail("bob@one.example"));
    expect(only(refused)).toMatchObject({ outcome: "bounced", class: "address", said_by: "relay" });
    const later = await internet("", { mx: ["127.0.0.11", { rcpt: () => "451 4.3.0 not now" }] });
    const put = await service(net, { mode: "relay", relays: [plain(later, "127.0.0.11"), plain(server)] }).send(mail("bob@one.example"));
    expect(only(put)).toMatchObject({ outcome: "failed", code: 451, next: "may_be_tried" });
    expect(put.attempts).toHaveLength(1);
    expect(server.messages).toHaveLength(1);
  });
});

test("a password appears nowhere, even if a relay repeats it", async () => {
  const talk = "S: 220 relay ESMTP\nC: EHLO *\nS: 250-relay\nS: 250 AUTH PLAIN\nC: AUTH PLAIN *\nS: 535 5.7.8 correct-horse is wrong\nC: QUIT\nS: 221 bye\n";
  const relayed = closing(await playTranscript(talk));
  const auth = { username: "ada", password: "correct-horse", allow_plaintext: true };
  const events: unknown[] = [];
  const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
  const relays = [{ host: "127.0.0.1", port: relayed.port, tls: { mode: "none" as const }, auth }];
  const delivery = service(net, { mode: "relay", relays, events: (event) => void events.push(event) });
  const report = await delivery.send(mail("bob@one.example"));
  expect(only(report)).toMatchObject({ class: "auth", code: 535, message: expect.stringContaining("is wrong") });
  expect(JSON.stringify([report, events, delivery.stats(), delivery.metrics()])).not.toContain("correct-horse");
});

describe("hybrid", () => {
  test.each<[string, MxBehaviour | null, boolean]>([
    ["the mail host is away", null, true],
    ["it does not want us", { greeting: () => "554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org" }, true],
    ["a policy is against it", { rcpt: () => "550 5.7.1 rejected by policy" }, true],
    ["there is no such mailbox", { rcpt: () => "550 5.1.1 user unknown" }, false],
    ["the mailbox is full", { rcpt: () => "552 5.2.2 mailbox full" }, false],
    ["it greylists", { rcpt: () => "450 4.2.0 Greylisted" }, false],
    ["it is spam", { end: () => "554 5.7.1 spam message rejected" }, false],
    ["it may have been taken", { end: () => null }, false],
    ["it breaks the protocol", { data: () => "250 go ahead" }, true],
  ])("when %s", async (_, behaviour, fallsBack) => {
    const net = await internet(ONE, { mx: ["127.0.0.11", behaviour], other: ["127.0.0.12", {}] });
    const server = await relay();
    const report = await service(net, { mode: "hybrid", relays: [plain(server)] }).send(mail("bob@one.example"));
    expect(server.messages).toHaveLength(fallsBack ? 1 : 0);
    expect(only(report)).toMatchObject(
      fallsBack
        ? { outcome: "delivered", way: "relay", way_reason: "fallback", way_explanation: expect.stringContaining("direct delivery failed") }
        : { way: "direct" },
    );
  });

  test("a host that only says it is busy counts as a failure of the route", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { greeting: () => "421 4.7.0 busy" }] });
    const report = await service(net, { mode: "hybrid", relays: [plain(await relay())] }).send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome: "delivered", way: "relay" });
  });

  test("a recipient that was delivered to through a relay counts as failed directly", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", null], other: ["127.0.0.12", {}] });
    const delivery = service(net, { mode: "hybrid", relays: [plain(await relay())] });
    await delivery.send(mail("bob@one.example"));
    expect(delivery.stats()).toMatchObject({ direct_sent: 0, direct_failed: 1, relay_sent: 1, relay_failed: 0 });
  });

  test("a relay has separate sessions and limits", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const delivery = service(net);
    await delivery.send(mail("bob@one.example"));
    expect(delivery.stats()).toMatchObject({ sessions_idle: 1, relay_service: { pool_size: 0, queue_size: 0 } });
  });

  test("only recipients that failed directly go through the relay", async () => {
    const net = await internet(`${ONE}\ntwo MX 10 gone`, { mx: ["127.0.0.11", {}], gone: ["127.0.0.12", null] });
    const server = await relay();
    const report = await service(net, { mode: "hybrid", relays: [plain(server)] }).send(mail(["bob@one.example", "cem@two.example", "dee@missing.example"]));
    expect(report.recipients.map(({ outcome, way }) => [outcome, way])).toEqual([
      ["delivered", "direct"],
      ["delivered", "relay"],
      ["bounced", "direct"],
    ]);
    expect(server.messages).toHaveLength(1);
    expect(net.host("mx").messages[0]?.to).toEqual(["bob@one.example"]);
  });
});

describe("smart", () => {
  test("uses the statistics that another service stored before a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-routes-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const net = await internet(ONE, { mx: ["127.0.0.11", { mail: () => "550 5.7.1 blocked by our policy" }] });
    const options = { mode: "smart" as const, relays: [plain(await relay())], routes: join(folder, "routes.db") };
    const first = service(net, options);
    for (let index = 0; index < 5; index++) await first.send(mail("bob@one.example"));
    await first.close();
    const reasons = [];
    for (let index = 0; index < 5; index++) reasons.push(only(await service(net, options).send(mail("bob@one.example"))).way_reason);
    expect(reasons).not.toContain("nothing_known");
    expect(reasons.filter((reason) => reason === "learned").length).toBeGreaterThan(2);
  });

  test("learns that a site refuses us, and explains the other route", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { mail: () => "550 5.7.1 blocked by our policy" }] });
    const server = await relay();
    const delivery = service(net, { mode: "smart", relays: [plain(server)] });
    const ways: unknown[] = [];
    for (let index = 0; index < 40; index++) {
      const { outcome, way, way_reason: reason, way_explanation: words } = only(await delivery.send(mail("bob@one.example")));
      expect(outcome).toBe("delivered");
      expect(words).not.toBe("");
      ways.push(`${way} ${reason}`);
    }
    expect(ways[0]).toBe("relay fallback");
    expect(ways.filter((way) => way === "relay learned").length).toBeGreaterThan(25);
    expect(net.host("mx").connections.length).toBeLessThan(12);
  });

  test("continues with direct delivery if it works", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const server = await relay({ latencyMs: 20 });
    const delivery = service(net, { mode: "smart", relays: [plain(server)] });
    for (let index = 0; index < 20; index++) expect(only(await delivery.send(mail("bob@one.example"))).outcome).toBe("delivered");
    expect(net.host("mx").messages.length).toBeGreaterThan(14);
  });
});

describe("route statistics", () => {
  const GOOD = { kind: "delivered", class: null } as Decision;
  const BAD = { kind: "refused", class: "policy" } as Decision;
  const never = (): number => 0.99;
  const noted = (statistics: RouteStatistics, site: string, way: DeliveryWay, decision: Decision, ms = 10) => statistics.note(way, [{ site, decision }], ms);

  test("prefer the route that works, the faster if both do, and explore sometimes", () => {
    const statistics = new RouteStatistics();
    expect(statistics.choose("a", never)).toMatchObject({ way: "direct", reason: "nothing_known" });
    for (let index = 0; index < 5; index++) {
      noted(statistics, "a", "direct", BAD);
      noted(statistics, "a", "relay", GOOD, 500);
      noted(statistics, "b", "direct", GOOD, 500);
      noted(statistics, "b", "relay", GOOD, 50);
    }
    expect(statistics.choose("a", never)).toMatchObject({ way: "relay", reason: "learned", explanation: expect.stringMatching(/0 of [45]/) });
    expect(statistics.choose("b", never)).toMatchObject({ way: "relay" });
    expect(statistics.choose("a", () => 0.01)).toMatchObject({ way: "direct", reason: "explored" });
  });

  test.each([
    ["an unknown outcome", { kind: "unknown", class: "network" }],
    ["a mailbox", { kind: "refused", class: "address" }],
  ])("do not count %s", (_, decision) => {
    const statistics = new RouteStatistics();
    for (let index = 0; index < 9; index++) noted(statistics, "a", "direct", decision as Decision);
    expect(statistics.choose("a", never).reason).toBe("nothing_known");
  });

  test("expire: after one half-life an observation counts, after two it does not", () => {
    let now = 0;
    const statistics = new RouteStatistics(IN_MEMORY, () => now);
    noted(statistics, "a", "direct", BAD);
    now = 86_400_000;
    expect(statistics.choose("a", never).reason).toBe("learned");
    now = 2 * 86_400_000;
    expect(statistics.choose("a", never).reason).toBe("nothing_known");
  });

  test("do not treat a route that was never tried as the faster one", () => {
    // Deliveries fade with time: between two lines of this test none passes.
    const statistics = new RouteStatistics(IN_MEMORY, () => 0);
    // One of two delivered: the score is that of a way of which nothing is known, and its latency of 0 ms is no measurement.
    noted(statistics, "a", "direct", GOOD, 500);
    noted(statistics, "a", "direct", BAD);
    const chosen = statistics.choose("a", never);
    expect(chosen).toMatchObject({ way: "direct", reason: "learned" });
    expect(chosen.explanation).toMatch(/^direct delivered 1 of 2 in 500 ms; through a relay was not tried lately: direct/);
  });

  test("do not compare latencies once a single delivery has expired", () => {
    let now = 0;
    const statistics = new RouteStatistics(IN_MEMORY, () => now);
    noted(statistics, "a", "relay", GOOD, 50);
    noted(statistics, "a", "relay", BAD);
    now = 3 * 86_400_000;
    for (const decision of [GOOD, BAD]) noted(statistics, "a", "direct", decision, 500);
    expect(statistics.choose("a", never)).toMatchObject({ way: "direct", explanation: expect.stringContaining("a relay was not tried lately") });
  });

  test("survive a restart, and are shared by processes", () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-routes-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "sub", "routes.db");
    const [one, two] = [new RouteStatistics(path), new RouteStatistics(path)];
    for (let index = 0; index < 3; index++) {
      noted(one, "a", "direct", BAD);
      noted(two, "a", "relay", GOOD);
    }
    expect(one.choose("a", never)).toMatchObject({ way: "relay", reason: "learned" });
    one.close();
    two.close();
    const later = new RouteStatistics(path);
    expect(later.choose("a", never)).toMatchObject({ way: "relay", reason: "learned", explanation: expect.stringContaining("of 3") });
    later.close();
  });

  test("work in memory if the file cannot be used", () => {
    const statistics = new RouteStatistics("/dev/null/routes.db");
    for (let index = 0; index < 3; index++) noted(statistics, "a", "direct", BAD);
    expect(statistics.choose("a", never)).toMatchObject({ way: "relay" });
  });
});
