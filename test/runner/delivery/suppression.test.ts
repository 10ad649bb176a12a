import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeliveryOptions } from "../../../runner/delivery/create-delivery.js";
import { Ledger } from "../../../runner/delivery/ledger/ledger.js";
import type { Suppression } from "../../../runner/delivery/ledger/suppression.js";
import { openDriver } from "../../../runner/sqlite/driver.js";
import { closeAfterEach, closing, internet, mail, only, service } from "../../support/delivery.js";

closeAfterEach();

const ONE = "one MX 10 mx";
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-suppression-"));
  path = join(folder, "delivery.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

function ledger(...suppressions: readonly Suppression[]): Ledger {
  const opened = Ledger.create(path);
  closing({ close: async () => opened.close() });
  opened.suppressed.add(suppressions);
  return opened;
}

describe("the suppression list", () => {
  test("stops a message to listed recipients only", async () => {
    ledger({ target: "bob@one.example", reason: "complaint", detail: "abuse report" });
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const { recipients } = await service(net, { ledger: path }).send(mail(["Bob@one.example", "ann@one.example"]));
    expect(recipients[0]).toMatchObject({ outcome: "failed", class: "suppressed", said_by: "us", next: "nothing", next_try_at: null, way: null, attempts: [] });
    expect(recipients[0]?.message).toMatch(/^bob@one\.example is on the suppression list \(complaint, since 2\S+Z\): abuse report$/);
    expect(recipients[1]).toMatchObject({ outcome: "delivered" });
    expect(net.host("mx").messages.map(({ to }) => to)).toEqual([["ann@one.example"]]);
  });

  test("causes no connection and no DNS query if all recipients are listed", async () => {
    ledger({ target: "@one.example", reason: "manual" });
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const report = await service(net, { ledger: path }).send(mail(["bob@one.example", "ann@one.example"]));
    expect(report.recipients.map(({ class: found }) => found)).toEqual(["suppressed", "suppressed"]);
    expect(report.attempts).toEqual([]);
    expect(net.host("mx").connections).toEqual([]);
    expect(net.questions).toEqual([]);
  });

  test("applies to messages sent after another process changed it", async () => {
    const list = ledger().suppressed;
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const delivery = service(net, { ledger: path });
    expect(only(await delivery.send(mail("bob@one.example"))).outcome).toBe("delivered");
    list.add([{ target: "bob@one.example", reason: "unsubscribe" }]);
    expect(only(await delivery.send(mail("bob@one.example"))).class).toBe("suppressed");
    list.remove(["bob@one.example"]);
    expect(only(await delivery.send(mail("bob@one.example"))).outcome).toBe("delivered");
  });

  test("is configured by an environment variable", async () => {
    ledger({ target: "bob@one.example", reason: "manual" });
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    expect(only(await service(net, { env: { PROBE_RUN_DELIVERY: path } }).send(mail("bob@one.example"))).class).toBe("suppressed");
  });

  test.each<[string, DeliveryOptions]>([
    ["to look into", {}],
    ["to store bounces in", { suppress_bounces: true }],
    ["for a warm-up", { warm_up: true }],
  ])("a configured file that does not exist is an error, and is not created: a ledger %s", async (_, options) => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    for (const missing of [path, join(folder, "no", "such", "folder.db")]) {
      const recipient = only(await service(net, { ledger: missing, ...options }).send(mail("bob@one.example")));
      expect(recipient).toMatchObject({ outcome: "failed", class: "configuration", message: expect.stringContaining("there is no delivery ledger at") });
      expect(existsSync(missing)).toBe(false);
    }
    expect(net.host("mx").connections).toEqual([]);
  });

  test("a database of another program is refused", async () => {
    const driver = openDriver(path);
    driver.exec("CREATE TABLE notes (text TEXT)");
    driver.close();
    const before = readFileSync(path);
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    expect(only(await service(net, { ledger: path }).send(mail("bob@one.example"))).message).toContain("is not a delivery ledger");
    expect(() => Ledger.create(path)).toThrow("is not a delivery ledger");
    expect(readFileSync(path)).toEqual(before);
  });

  test("that cannot be read stops every message, with the reason", async () => {
    writeFileSync(path, "this is no ledger, and much longer than a header of sixteen bytes");
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const recipient = only(await service(net, { ledger: path }).send(mail("bob@one.example")));
    expect(recipient).toMatchObject({ outcome: "failed", class: "configuration", said_by: "us", next: "may_be_tried" });
    expect(recipient.message).toContain("nothing is sent without the delivery ledger");
    expect(net.host("mx").connections).toEqual([]);
  });
});

describe("bounces", () => {
  const REPLIES: Readonly<Record<string, string>> = {
    "gone@one.example": "550 5.1.1 User unknown",
    "off@one.example": "550 5.2.1 mailbox disabled, not accepting messages",
    "full@one.example": "552 5.2.2 mailbox full",
    "spam@one.example": "550 5.7.1 your message looks like spam",
    "later@one.example": "450 4.2.0 Greylisted",
  };

  async function bounced(options: { readonly suppress_bounces?: boolean }): Promise<string[]> {
    const net = await internet(ONE, { mx: ["127.0.0.11", { rcpt: (address) => REPLIES[address] ?? "250 2.1.5 OK" }] });
    ledger();
    await service(net, { ledger: path, ...options }).send(mail([...Object.keys(REPLIES), "ann@one.example", "no address", "ann@no-such-domain.example"]));
    return ledger()
      .suppressed.list(10)
      .map(({ target, reason, detail }) => `${target} ${reason} ${detail}`)
      .sort();
  }

  test("with suppress_bounces, only addresses that do not exist are added to the list", async () => {
    expect(await bounced({ suppress_bounces: true })).toEqual([
      "gone@one.example bounce 550 5.1.1 User unknown",
      "off@one.example bounce 550 5.2.1 mailbox disabled, not accepting messages",
    ]);
  });

  test("are not added without suppress_bounces", async () => {
    expect(await bounced({})).toEqual([]);
  });

  test("sending creates no file that is not configured", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const there = existsSync(".probe-run/delivery.db");
    await service(net).send(mail("bob@one.example"));
    expect(existsSync(".probe-run/delivery.db")).toBe(there);
  });
});
