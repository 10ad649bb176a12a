import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { closeAfterEach, internet, mail, only, service } from "../../support/delivery.js";
import type { MxBehaviour } from "../../support/fake-internet.js";

closeAfterEach();

const ONE = "one MX 10 mx";

describe("sessions", () => {
  test("are reused without RSET and NOOP, and each message has its own operations", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const delivery = service(net);
    const reports = [];
    for (let index = 0; index < 3; index++) reports.push(await delivery.send(mail("bob@one.example")));
    expect(net.host("mx").connections.map((commands) => commands.map((line) => line.slice(0, 4)))).toEqual([
      ["EHLO", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA"],
    ]);
    expect(reports.map(({ attempts }) => attempts[0]?.reused)).toEqual([false, true, true]);
    expect(reports[2]?.attempts[0]?.operations.map(({ name }) => name)).toEqual(["MAIL", "RCPT", "DATA", "message"]);
    expect(delivery.stats()).toMatchObject({ sessions_reused: 2, sessions_idle: 1, sessions_busy: 0, direct_sent: 3 });
  });

  test("are ended after messages_per_session messages", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const delivery = service(net, { limits: { messages_per_session: 2 } });
    for (let index = 0; index < 4; index++) await delivery.send(mail("bob@one.example"));
    expect(net.host("mx").connections.map((commands) => commands.filter((line) => line.startsWith("MAIL")).length)).toEqual([2, 2]);
  });

  test("are ended with QUIT after the idle time", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    await service(net, { limits: { idle_ms: 100 } }).send(mail("bob@one.example"));
    await expect.poll(() => net.host("mx").openSockets).toBe(0);
    expect(net.host("mx").connections[0]?.at(-1)).toBe("QUIT");
  });

  test("are ended with the service", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const delivery = service(net, { limits: { idle_ms: 60_000 } });
    await delivery.send(mail("bob@one.example"));
    expect(net.host("mx").openSockets).toBe(1);
    await delivery.close();
    await expect.poll(() => net.host("mx").openSockets).toBe(0);
    await expect(delivery.send(mail("bob@one.example"))).rejects.toThrow("closed");
  });

  test.each<[string, (connection: number, mails: number) => string | null]>([
    ["says 421 when it is wanted again", () => "421 4.4.2 idle for too long"],
    ["is gone when it is wanted again", () => null],
  ])("that %s cost one more connection, and lose no message", async (_, second) => {
    let mails = 0;
    const behaviour: MxBehaviour = { mail: (_line, connection) => (++mails === 2 ? second(connection, mails) : "250 ok") };
    const net = await internet(ONE, { mx: ["127.0.0.11", behaviour] });
    const delivery = service(net);
    await delivery.send(mail("bob@one.example"));
    const report = await delivery.send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome: "delivered", attempts: [0, 1] });
    expect(report.attempts.map(({ reused, outcome }) => [reused, outcome])).toEqual([
      [true, expect.stringMatching(/not_sent|refused/)],
      [false, "accepted"],
    ]);
    expect(only(await delivery.send(mail("bob@one.example"))).outcome).toBe("delivered");
  });

  describe("with a server that accepts one message per connection", () => {
    /** Refuses every MAIL but the first of a connection. */
    function oneMessage(reply: string): MxBehaviour {
      const seen = new Set<number>();
      return {
        mail: (_line, connection) => {
          if (seen.has(connection)) return reply;
          seen.add(connection);
          return "250 ok";
        },
      };
    }

    test.each(["503 5.5.1 already have a sender", "451 4.7.1 one message only", "550 5.7.1 session limit", "452 4.5.3 too many messages"])(
      "refused by %s are tried once on a new connection, and the site is remembered",
      async (reply) => {
        const net = await internet(ONE, { mx: ["127.0.0.11", oneMessage(reply)] });
        const delivery = service(net);
        const reports = [];
        for (let index = 0; index < 4; index++) reports.push(await delivery.send(mail("bob@one.example")));
        expect(reports.map((report) => only(report).outcome)).toEqual(["delivered", "delivered", "delivered", "delivered"]);
        expect(reports.map(({ attempts }) => attempts.map(({ reused }) => reused))).toEqual([[false], [true, false], [false], [false]]);
        expect(net.host("mx").messages).toHaveLength(4);
      },
    );

    test("carry the later transactions of a message, too", async () => {
      const net = await internet(ONE, { mx: ["127.0.0.11", oneMessage("503 5.5.1 no")] });
      const recipients = Array.from({ length: 9 }, (_, index) => `r${index}@one.example`);
      const report = await service(net, { limits: { recipients_per_transaction: 2 } }).send(mail(recipients));
      expect(report.recipients.map(({ outcome }) => outcome)).toEqual(recipients.map(() => "delivered"));
      expect(net.host("mx").messages.map(({ to }) => to.length)).toEqual([2, 2, 2, 2, 1]);
    });

    test("do not change the outcome if a new connection gets the same refusal", async () => {
      let mails = 0;
      const net = await internet(ONE, { mx: ["127.0.0.11", { mail: () => (++mails === 1 || mails > 3 ? "250 ok" : "550 5.7.1 not from there") }] });
      const delivery = service(net);
      expect(only(await delivery.send(mail("bob@one.example"))).outcome).toBe("delivered");
      expect(only(await delivery.send(mail("bob@one.example")))).toMatchObject({ outcome: "bounced", code: 550 });
      expect(net.host("mx").connections).toHaveLength(2);
      expect(only(await delivery.send(mail("bob@one.example"))).outcome).toBe("delivered");
      expect((await delivery.send(mail("bob@one.example"))).attempts.map(({ reused }) => reused)).toEqual([true]);
    });
  });

  test("that reach their number of messages do not end a message of several transactions", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const recipients = Array.from({ length: 8 }, (_, index) => `r${index}@one.example`);
    const report = await service(net, { limits: { recipients_per_transaction: 1, messages_per_session: 2 } }).send(mail(recipients));
    expect(report.recipients.map(({ outcome }) => outcome)).toEqual(recipients.map(() => "delivered"));
    expect(net.host("mx").connections).toHaveLength(4);
  });

  test("that broke while idle are not used", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { end: () => "250 ok" }] });
    const delivery = service(net);
    await delivery.send(mail("bob@one.example"));
    net.host("mx").hangUp();
    await sleep(20);
    const report = await delivery.send(mail("bob@one.example"));
    expect(report.attempts.map(({ reused, outcome }) => [reused, outcome])).toEqual([[false, "accepted"]]);
  });

  test("are ended with their message if idle_ms is 0", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const report = await service(net, { limits: { idle_ms: 0 } }).send(mail("bob@one.example"));
    expect(report.attempts[0]?.operations.at(-1)).toMatchObject({ name: "QUIT", code: 221 });
    await expect.poll(() => net.host("mx").openSockets).toBe(0);
  });
});

describe("many messages at once", () => {
  test("share a few sessions, whose number grows while the site accepts them, up to the limit", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { latencyMs: 2 }] });
    const delivery = service(net, { limits: { sessions_per_site: 8 } });
    const reports = await delivery.sendBulk(Array.from({ length: 200 }, () => mail("bob@one.example")));
    expect(reports.every((report) => only(report).outcome === "delivered")).toBe(true);
    expect(net.host("mx").messages).toHaveLength(200);
    expect(net.host("mx").mostAtOnce).toBeGreaterThan(5);
    expect(net.host("mx").mostAtOnce).toBeLessThanOrEqual(8);
  });

  test("are sent in the order of their priority", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { latencyMs: 2 }] });
    const delivery = service(net, { limits: { sessions_per_site: 1 } });
    const first = delivery.send(mail("first@one.example"));
    await sleep(5);
    const order = ["LOW", "NORMAL", "HIGH", "LOW", "HIGH"] as const;
    await Promise.all([first, ...order.map((priority, index) => delivery.send(mail(`${priority}${index}@one.example`, { priority })))]);
    expect(net.host("mx").messages.map(({ to }) => to[0]?.split("@")[0])).toEqual(["first", "HIGH2", "HIGH4", "NORMAL1", "LOW0", "LOW3"]);
  });

  test("keep to the rate limit of a site, and other sites do not wait for it", async () => {
    const net = await internet("one MX 10 a\ntwo MX 10 b", { a: ["127.0.0.11", {}], b: ["127.0.0.12", {}] });
    const delivery = service(net, { limits: { messages_per_minute: 600 } });
    const began = performance.now();
    const limited = delivery.sendBulk(Array.from({ length: 15 }, () => mail("bob@one.example")));
    await delivery.send(mail("bob@two.example"));
    expect(net.host("a").messages.length).toBeLessThan(15);
    await limited;
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(400);
    expect(took).toBeLessThan(3000);
  });

  test("to a site that replied 421 are paused, and those to other sites are sent", async () => {
    const net = await internet("one MX 10 a\ntwo MX 10 b", { a: ["127.0.0.11", { greeting: () => "421 4.7.0 too many connections" }], b: ["127.0.0.12", {}] });
    const delivery = service(net);
    expect(only(await delivery.send(mail("bob@one.example"))).outcome).toBe("failed");
    const second = await delivery.send(mail("bob@one.example"));
    expect(second.attempts).toEqual([]);
    expect(only(second)).toMatchObject({ outcome: "failed", said_by: "us", next: "may_be_tried", failure: { retryable: true, reply_code: 421 } });
    expect(only(second).message).toBe(`deliveries to a.example:${net.port} are paused: 421 4.7.0 too many connections`);
    expect(Date.parse(only(second).next_try_at as string)).toBeGreaterThan(Date.now() + 20_000);
    expect(only(await delivery.send(mail("bob@two.example"))).outcome).toBe("delivered");
    expect(net.host("a").connections).toHaveLength(1);
  });

  test("keep to the number of sessions that a site accepts, and none is lost", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { mostSessions: 2, latencyMs: 2 }] });
    const reports = await service(net).sendBulk(Array.from({ length: 60 }, () => mail("bob@one.example")));
    expect(reports.filter((report) => only(report).outcome !== "delivered").map((report) => only(report).message)).toEqual([]);
    expect(net.host("mx").messages).toHaveLength(60);
    expect(net.host("mx").connections.length).toBeLessThan(15);
  });

  test("do not all connect to a dead site", async () => {
    const net = await internet("one MX 10 gone\ntwo MX 10 mx", { gone: ["127.0.0.12", null], mx: ["127.0.0.11", {}] });
    const delivery = service(net);
    const reports = await delivery.sendBulk(Array.from({ length: 40 }, () => mail("bob@one.example")));
    expect(reports.every((report) => only(report).outcome === "failed" && only(report).class === "network")).toBe(true);
    expect(reports.filter(({ attempts }) => attempts.length > 0).length).toBeLessThanOrEqual(15);
  });

  test("to unresponsive sites do not delay those to others", { timeout: 90_000 }, async () => {
    const sites = (kind: string, host: string): string =>
      Array.from({ length: 40 }, (_, index) => `${kind}${index} MX 10 mx.${kind}${index}\nmx.${kind}${index} A ${host}`).join("\n");
    const net = await internet(`${sites("well", "127.0.0.11")}\n${sites("sick", "127.0.0.12")}`, {
      mx: ["127.0.0.11", {}],
      slow: ["127.0.0.12", { silentAt: "greeting" }],
    });
    const patient = { query_timeout_ms: 5000, lookup_timeout_ms: 20_000, connect_timeout_ms: 50_000, command_timeout_ms: 50_000, timeout_ms: 55_000 };
    const delivery = service(net, patient);
    const began = performance.now();
    const all = (kind: string) => Array.from({ length: 400 }, (_, index) => delivery.send(mail(`bob@${kind}${index % 40}.example`)));
    const sick = all("sick");
    const lost = (await Promise.all(all("well"))).map(only).filter(({ outcome }) => outcome !== "delivered");
    expect(lost.map(({ message }) => message)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(45_000);
    await delivery.close();
    expect((await Promise.all(sick)).every((report) => only(report).outcome === "failed")).toBe(true);
  });

  test("rotate over the source addresses, which have separate sessions", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const delivery = service(net, { source_addresses: ["127.0.0.2", "127.0.0.3"] });
    const reports = [];
    for (let index = 0; index < 4; index++) reports.push(await delivery.send(mail("bob@one.example")));
    expect(reports.map(({ attempts }) => [attempts[0]?.source_address, attempts[0]?.reused])).toEqual([
      ["127.0.0.2", false],
      ["127.0.0.3", false],
      ["127.0.0.2", true],
      ["127.0.0.3", true],
    ]);
  });
});

test("a session with one customer's host of a provider is not used for another customer", async () => {
  const zone = (origin: string, lines: string): string =>
    `$ORIGIN ${origin}\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n${lines}\n`;
  const provider = "mail.protection.outlook.com.";
  const zones = [zone("example.", `one MX 10 one.${provider}\ntwo MX 10 two.${provider}`), zone(provider, "one A 127.0.0.11\ntwo A 127.0.0.12")];
  const net = await internet("", { a: ["127.0.0.11", {}], b: ["127.0.0.12", {}] }, { zones });
  const delivery = service(net);
  const recipients = [only(await delivery.send(mail("bob@one.example"))), only(await delivery.send(mail("cem@two.example")))];
  expect(recipients.map(({ outcome }) => outcome)).toEqual(["delivered", "delivered"]);
  expect(recipients[1]?.site).toBe(recipients[0]?.site);
  expect([net.host("a").messages.length, net.host("b").messages.length]).toEqual([1, 1]);
});

test("a service that is closed ends its waiting messages, and reports their outcomes", async () => {
  const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { silentAt: "dot" }] });
  const delivery = service(net, { command_timeout_ms: 60_000, timeout_ms: 60_000 });
  const sending = delivery.send(mail("bob@one.example"));
  await expect.poll(() => net.host("mx").messages.length).toBe(1);
  await delivery.close();
  expect(only(await sending)).toMatchObject({ outcome: "unknown", next: "ask_the_recipient" });
});
