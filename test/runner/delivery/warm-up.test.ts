import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeliveryOptions } from "../../../runner/delivery/create-delivery.js";
import { Ledger } from "../../../runner/delivery/ledger/ledger.js";
import { quotaName } from "../../../runner/delivery/route/warm-up-quota.js";
import { closeAfterEach, closing, internet, mail, only, service } from "../../support/delivery.js";
import type { FakeInternet } from "../../support/fake-internet.js";

closeAfterEach();

const ONE = "one MX 10 mx";
const DAY_MS = 86_400_000;
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-warm-up-"));
  path = join(folder, "delivery.db");
  Ledger.create(path).close();
});
afterEach(() => rmSync(folder, { recursive: true }));

const named = (...names: string[]): string[] => names.map((name) => `${name}@one.example`);
const warming = (net: FakeInternet, options: DeliveryOptions) => service(net, { ledger: path, ...options });

function sentOn(source: string | null, schedule: readonly number[]): number {
  const ledger = Ledger.create(path);
  closing({ close: async () => ledger.close() });
  return ledger.warmUp.state(quotaName(source), schedule).sent;
}

describe("an address that is being warmed up", () => {
  test("sends up to its quota, and the rest waits for the next day", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const { recipients } = await warming(net, { warm_up: [2] }).send(mail(named("a", "b", "c")));
    expect(recipients.map(({ outcome }) => outcome)).toEqual(["delivered", "delivered", "failed"]);
    const waiting = recipients[2];
    expect(waiting).toMatchObject({ class: "rate", said_by: "us", next: "may_be_tried", attempts: [], failure: { code: "limit_exceeded", retryable: true } });
    expect(waiting?.message).toContain("being warmed up");
    const midnight = (Math.floor(Date.now() / DAY_MS) + 1) * DAY_MS;
    const at = Date.parse(waiting?.next_try_at as string);
    expect(at).toBeGreaterThanOrEqual(midnight);
    expect(at).toBeLessThan(midnight + DAY_MS);
    expect(net.host("mx").messages.map(({ to }) => to)).toEqual([named("a", "b")]);
  });

  test("shares its quota between processes", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    expect(only(await warming(net, { warm_up: [1] }).send(mail(named("a")))).outcome).toBe("delivered");
    expect(only(await warming(net, { warm_up: [1] }).send(mail(named("b")))).class).toBe("rate");
  });

  test("leaves the rest to another address with a free quota", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const delivery = warming(net, { warm_up: [2], source_addresses: ["127.0.0.2", "127.0.0.3"] });
    const { recipients, attempts } = await delivery.send(mail(named("a", "b", "c", "d", "e")));
    expect(recipients.map(({ outcome }) => outcome)).toEqual(["delivered", "delivered", "delivered", "delivered", "failed"]);
    expect(attempts.map(({ source_address: source, recipients }) => [source, recipients]).sort()).toEqual([
      ["127.0.0.2", [0, 1]],
      ["127.0.0.3", [2, 3]],
    ]);
    expect(recipients[4]?.message).toContain("the 2 source addresses");
    expect(only(await delivery.send(mail(named("f")))).class).toBe("rate");
  });

  test("gets back the quota for messages that no mail host has seen", async () => {
    const net = await internet("one MX 10 gone\ntwo MX 10 mx", { gone: ["127.0.0.12", null], mx: ["127.0.0.11", {}] });
    const delivery = warming(net, { warm_up: [1] });
    expect(only(await delivery.send(mail("a@one.example")))).toMatchObject({ class: "network", decided_at: "connect" });
    expect(sentOn(null, [1])).toBe(0);
    expect(only(await delivery.send(mail("a@two.example"))).outcome).toBe("delivered");
    expect(sentOn(null, [1])).toBe(1);
  });

  test("gets back the quota for messages that wait while a site is paused", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { mail: () => "421 4.7.0 go away" }] });
    const delivery = warming(net, { warm_up: [5] });
    expect(only(await delivery.send(mail(named("a")))).decided_at).toBe("mail");
    expect(sentOn(null, [5])).toBe(1);
    expect(only(await delivery.send(mail(named("b")))).message).toContain("are paused");
    expect(sentOn(null, [5])).toBe(1);
  });

  test("counts refused messages, which the mail host has seen", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { rcpt: () => "550 5.1.1 no" }] });
    await warming(net, { warm_up: [1] }).send(mail(named("a")));
    expect(sentOn(null, [1])).toBe(1);
  });

  test("has no limit after its last day, and a relay has none", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const ledger = Ledger.create(path, () => Date.now() - DAY_MS);
    ledger.warmUp.take(quotaName(null), 1, [1]);
    ledger.close();
    expect((await warming(net, { warm_up: [1] }).send(mail(named("a", "b", "c")))).recipients.map(({ outcome }) => outcome)).not.toContain("failed");
    const relays = [{ host: "127.0.0.11", port: net.port, tls: { mode: "none" as const } }];
    const relayed = await warming(net, { warm_up: [1, 1, 1], mode: "relay", relays }).send(mail(named("a", "b", "c")));
    expect(relayed.recipients.map(({ outcome }) => outcome)).not.toContain("failed");
  });

  test.each(["hybrid", "smart"] as const)("is not bypassed by %s: messages beyond the quota do not go through a relay", async (mode) => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}], relay: ["127.0.0.12", {}] });
    const relays = [{ host: "127.0.0.12", port: net.port, tls: { mode: "none" as const } }];
    const { recipients } = await warming(net, { warm_up: [1], mode, relays }).send(mail(named("a", "b")));
    expect(recipients.map(({ outcome, class: found }) => `${outcome} ${found}`)).toEqual(["delivered null", "failed rate"]);
    expect(net.host("relay").connections).toEqual([]);
  });

  test("true is 50 on the first day", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const { recipients } = await warming(net, { warm_up: true }).send(mail(Array.from({ length: 60 }, (_, index) => `a${index}@one.example`)));
    expect(recipients.filter(({ outcome }) => outcome === "delivered")).toHaveLength(50);
  });
});
