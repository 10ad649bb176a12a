import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../../../runner/delivery/create-delivery.js";
import { BlocklistedError } from "../../../../runner/delivery/service/blocklisted-error.js";
import { type DnsServer, startDnsServer } from "../../../../runner/lab/dns-server.js";
import { openQueue } from "../../../../runner/queue/queue.js";
import { closeAfterEach, closing, internet, mail, service } from "../../../support/delivery.js";

closeAfterEach();

/** One list that works, of which a test decides whether it lists 192.0.2.7. */
async function blocklist(isListed: () => boolean | null): Promise<DnsServer> {
  const zone = "$ORIGIN bl.example.\n$TTL 0\n@ SOA ns h 1 1 1 1 0\n2.0.0.127 A 127.0.0.2\n7.2.0.192 A 127.0.0.4\n7.2.0.192 TXT spam";
  const behave = ({ name }: { name: string }): { rcode: number } | undefined => {
    if (name !== "7.2.0.192.bl.example" || isListed() === true) return undefined;
    return { rcode: isListed() === null ? 2 : 3 };
  };
  return closing(await startDnsServer({ zones: [zone], behave }));
}

function watching({ servers }: DnsServer, troubles: unknown[], options: DeliveryOptions = {}): Delivery {
  const usual = { blocklists: ["bl.example"], own_addresses: ["192.0.2.7", "192.0.2.8"], resolver: { servers: [...servers] }, blocklist_interval_ms: 1000 };
  return closing(createDelivery({ env: {}, cache: "off", onTrouble: (error) => troubles.push(error), ...usual, ...options }));
}

const checked = (delivery: Delivery): Promise<void> => expect.poll(() => delivery.stats().blocklists?.checked_at, { interval: 5 }).toBeTruthy();
const SERIES = 'probe_run_delivery_blocklisted{source="192.0.2.7",list="bl.example"}';

describe("block lists of a delivery service", () => {
  test("are queried at the start for its own addresses: a listing is reported, counted, and in its statistics", async () => {
    const troubles: unknown[] = [];
    const delivery = watching(await blocklist(() => true), troubles);
    expect(delivery.stats().blocklists).toEqual({ checked_at: null, listed: [], not_listed: 0, unknown: 0 });
    expect(delivery.metrics()).not.toMatch(/^probe_run_delivery_blocklist/m);
    await checked(delivery);
    expect(delivery.stats().blocklists).toMatchObject({
      listed: [{ target: "192.0.2.7", list: "bl.example", codes: [{ code: "127.0.0.4", meaning: null }], text: ["spam"] }],
      not_listed: 1,
      unknown: 0,
    });
    expect(delivery.metrics()).toContain(`${SERIES} 1\nprobe_run_delivery_blocklisted{source="192.0.2.8",list="bl.example"} 0\n`);
    expect(delivery.metrics()).toContain("probe_run_delivery_blocklist_unknown 0\n");
    expect(troubles).toEqual([expect.any(BlocklistedError)]);
    expect(troubles[0]).toMatchObject({ address: "192.0.2.7", list: "bl.example", codes: [{ code: "127.0.0.4" }] });
    expect((troubles[0] as Error).message).toBe("bl.example lists the address 192.0.2.7, from which mail is sent: 127.0.0.4; spam");
  });

  test("are queried again, and a listing is reported again only after it was removed in between", async () => {
    const troubles: unknown[] = [];
    const said: (boolean | null)[] = [true, true, null, true, false, true];
    let time = 0;
    const server = await blocklist(() => said[time] as boolean | null);
    const delivery = watching(server, troubles);
    const announcedAt: number[] = [];
    for (; time < said.length; time++) {
      const before = delivery.stats().blocklists?.checked_at;
      if (time > 0 || before === null) await expect.poll(() => delivery.stats().blocklists?.checked_at, { interval: 5, timeout: 3000 }).not.toBe(before);
      announcedAt.push(troubles.length);
      const { listed = [], unknown } = delivery.stats().blocklists ?? {};
      expect([listed.length, unknown]).toEqual([said[time] === true ? 1 : 0, said[time] === null ? 1 : 0]);
      // An unknown state has no series: it is neither 0 nor 1.
      expect(delivery.metrics().includes(SERIES)).toBe(said[time] !== null);
    }
    expect(announcedAt).toEqual([1, 1, 1, 1, 1, 2]);
  }, 15_000);

  test("are queried for source_addresses unless others are given, and not by default", async () => {
    const server = await blocklist(() => false);
    const delivery = watching(server, [], { own_addresses: [], source_addresses: ["192.0.2.9"] });
    await checked(delivery);
    expect(server.questions.map(({ name }) => name)).toContain("9.2.0.192.bl.example");
    const silent = watching(server, [], { blocklists: false });
    expect(silent.stats().blocklists).toBeNull();
  });

  test("close() ends a check in progress, and no other begins", async () => {
    const server = closing(await startDnsServer({ zones: ["$ORIGIN bl.example.\n@ SOA ns h 1 1 1 1 1"], behave: () => ({ drop: true }) }));
    const troubles: unknown[] = [];
    const delivery = watching(server, troubles, { lookup_timeout_ms: 60_000, query_timeout_ms: 60_000 });
    await expect.poll(() => server.questions.length, { interval: 5 }).toBeGreaterThan(0);
    const began = performance.now();
    await delivery.close();
    expect(performance.now() - began).toBeLessThan(1000);
    expect(delivery.stats().blocklists).toMatchObject({ checked_at: null });
    expect(troubles).toEqual([]);
  });

  test("do not delay mail, and are not part of a job", async () => {
    const folder = await mkdtemp(join(tmpdir(), "probe-run-blocklists-"));
    const queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
    try {
      const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt: () => "451 4.7.1 Greylisted" }] });
      // A field that mail.deliver does not take would be refused here.
      const delivery = service(net, { blocklists: ["bl.example"], own_addresses: ["192.0.2.7"], queue });
      expect((await delivery.send(mail("bob@one.example"))).recipients).toMatchObject([{ outcome: "queued" }]);
      expect(await queue.jobs.counts()).toMatchObject({ delayed: 1 });
    } finally {
      await queue.close();
      await rm(folder, { recursive: true });
    }
  });

  test.each<[string, DeliveryOptions, string]>([
    ["without an address", { blocklists: true }, "/own_addresses"],
    ["with an empty list", { blocklists: [], own_addresses: ["192.0.2.7"] }, "/blocklists"],
    ["with an address as a list", { blocklists: ["192.0.2.7"], own_addresses: ["192.0.2.7"] }, "/blocklists"],
  ])("are rejected %s", (_what, options, pointer) => {
    const make = (): Delivery => createDelivery({ env: {}, ...options });
    expect(make).toThrow(expect.objectContaining({ code: "invalid_input", violations: expect.arrayContaining([expect.objectContaining({ pointer })]) }));
  });
});
