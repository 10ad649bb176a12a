import { createSocket } from "node:dgram";
import { AUTHENTIC_DATA, decode, encode, type Packet } from "dns-packet";
import { afterEach, describe, expect, test } from "vitest";
import { type DnsBehaviour, type DnsReply, type DnsServer, type DnsServerOptions, startDnsServer } from "../../../../runner/lab/dns-server.js";
import { zoneOf } from "../../../../runner/net/dns/answer.js";
import { type LookUpOptions, Resolver } from "../../../../runner/net/dns/resolver.js";
import { Deadline } from "../../../../runner/run/deadline.js";
import { zoneText } from "../../../support/zones.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function serve(behave?: DnsBehaviour | DnsServerOptions["behave"], options: Partial<DnsServerOptions> = {}): Promise<DnsServer> {
  const server = await startDnsServer({
    zones: [zoneText("example"), zoneText("other")],
    ...options,
    ...(behave === undefined ? {} : { behave: typeof behave === "function" ? behave : () => behave }),
  });
  open.push(server);
  return server;
}

const asking = (...servers: readonly DnsServer[]): LookUpOptions => ({ servers: servers.flatMap((server) => server.servers), timeoutMs: 3000 });
const hosts = (records: readonly { exchange: string }[]): string[] => records.map(({ exchange }) => exchange).sort();

describe("a question", () => {
  test("has an answer with records, code, TTL and server", async () => {
    const server = await serve();
    const answer = await new Resolver().query("Several.Example.", "MX", asking(server));
    expect(answer).toMatchObject({ outcome: "found", rcode: 0, ttl: 300, aliases: [], authenticated: false, fromCache: false, problem: null });
    expect(answer.server).toBe(server.servers[0]);
    expect(hosts(answer.records)).toEqual(["backup.example", "mx1.example", "mx2.example", "mx3.example"]);
    expect(server.questions).toMatchObject([{ name: "several.example", type: "MX", transport: "udp", udpBytes: 1232 }]);
  });

  test("has a negative answer with the TTL that the zone says", async () => {
    const server = await serve();
    const resolver = new Resolver();
    expect(await resolver.query("missing.example", "MX", asking(server))).toMatchObject({ outcome: "no_such_name", rcode: 3, ttl: 60, records: [] });
    expect(await resolver.query("text-only.example", "MX", asking(server))).toMatchObject({ outcome: "no_data", rcode: 0, ttl: 60, records: [] });
    expect(await resolver.query("empty.example", "MX", asking(server))).toMatchObject({ outcome: "no_data", rcode: 0 });
  });

  test("may contain underscores", async () => {
    const answer = await new Resolver().query("_dmarc.example", "TXT", asking(await serve()));
    expect(String(answer.records[0])).toBe("v=DMARC1; p=none");
  });

  test.each(["", "a..b", "bücher.example", "a\\.b", `${"a".repeat(64)}.example`, `${"a.".repeat(127)}a`])(
    "about %j is refused: nothing is sent",
    async (name) => {
      const server = await serve();
      await expect(new Resolver().query(name, "MX", asking(server))).rejects.toMatchObject({ failure: { phase: "resolve", code: "not_permitted" } });
      expect(server.questions).toEqual([]);
    },
  );

  test("has an answer that says whether the servers authenticated it", async () => {
    const vouching = await serve(undefined, { authenticated: true });
    expect((await new Resolver().query("several.example", "MX", asking(vouching))).authenticated).toBe(true);
  });

  test("for localhost is answered without a server", async () => {
    const server = await serve();
    const resolver = new Resolver();
    expect(await resolver.query("localhost", "A", asking(server))).toMatchObject({ outcome: "found", records: ["127.0.0.1"], rcode: null, server: null });
    expect(await resolver.query("db.localhost", "AAAA", asking(server))).toMatchObject({ records: ["::1"] });
    expect(await resolver.query("localhost", "MX", asking(server))).toMatchObject({ outcome: "refused" });
    expect(server.questions).toHaveLength(1);
  });

  test("by IPv6", async () => {
    const server = await serve(undefined, { host: "::1" });
    expect(await new Resolver().query("mx1.example", "A", asking(server))).toMatchObject({ records: ["93.184.215.14"], server: `[::1]:${server.port}` });
  });
});

describe("aliases", () => {
  test("are followed within a reply", async () => {
    const server = await serve();
    const answer = await new Resolver().query("chain1.example", "MX", asking(server));
    expect(answer).toMatchObject({ outcome: "found", aliases: ["chain2.example", "chain3.example", "several.example"] });
    expect(server.questions).toHaveLength(1);
  });

  test("are followed from one reply to the next where a server says only what it knows itself", async () => {
    const onlyOne = (reply: DnsReply): DnsReply => ({ ...reply, answers: reply.answers?.slice(0, 1), authorities: [] });
    const server = await serve(({ name }) => (name === "several.other" ? undefined : { edit: onlyOne }));
    const answer = await new Resolver().query("elsewhere.example", "MX", asking(server));
    expect(answer).toMatchObject({ outcome: "found", aliases: ["several.other"], ttl: 200, records: [{ exchange: "mx.other" }] });
    expect(server.questions.map(({ name }) => name)).toEqual(["elsewhere.example", "several.other"]);
  });

  test("that are only partly authenticated are not authenticated", async () => {
    const edit = (reply: DnsReply): DnsReply => ({
      ...reply,
      answers: reply.answers?.slice(0, 1),
      authorities: [],
      flags: (reply.flags ?? 0) | AUTHENTIC_DATA,
    });
    const server = await serve(({ name }) => (name === "several.other" ? undefined : { edit }));
    expect((await new Resolver().query("elsewhere.example", "MX", asking(server))).authenticated).toBe(false);
  });

  test("that form a loop end, over several replies too", async () => {
    const onlyOne = (reply: DnsReply): DnsReply => ({ ...reply, answers: reply.answers?.slice(0, 1), authorities: [] });
    const server = await serve({ edit: onlyOne });
    const answer = await new Resolver().query("circle1.example", "MX", asking(server));
    expect(answer).toMatchObject({ outcome: "unusable_reply", records: [] });
    expect(server.questions.length).toBeLessThan(4);
  });
});

describe("over TCP", () => {
  test("a reply that is too long for a datagram arrives", async () => {
    const server = await serve({ truncate: true });
    const answer = await new Resolver().query("several.example", "MX", asking(server));
    expect(hosts(answer.records)).toHaveLength(4);
    expect(server.questions.map(({ transport }) => transport)).toEqual(["udp", "tcp"]);
  });

  test("a reply of the greatest length arrives", async () => {
    const many = Array.from({ length: 900 }, (_, index) => `big MX ${index} mail-host-number-${index}.somewhere.else.`);
    const server = await serve(undefined, { zones: [`$ORIGIN big.\n@ SOA ns h 1 1 1 1 1\n${many.map((line) => line.replace("big", "@")).join("\n")}`] });
    expect((await new Resolver().query("big", "MX", asking(server))).records).toHaveLength(900);
  });

  test("the number of records is limited", async () => {
    const many = Array.from({ length: 1001 }, (_, index) => `@ MX ${index} mx${index}.big.`);
    const server = await serve(undefined, { zones: [`$ORIGIN big.\n@ SOA ns h 1 1 1 1 1\n${many.join("\n")}`] });
    expect(await new Resolver().query("big", "MX", asking(server))).toMatchObject({ outcome: "unusable_reply", records: [] });
  });

  test("a reply that is truncated again, invalid or incomplete is no answer", async () => {
    const bad: readonly ((reply: Buffer) => Buffer[])[] = [
      (reply) => [withBits(reply, 2, 0x02)],
      (reply) => [Buffer.from(reply.toString("latin1").toUpperCase().slice(0, 20), "latin1")],
      (reply) => [withBits(reply, 0, 0xff)],
    ];
    for (const raw of bad) {
      const server = await serve(({ transport }) => (transport === "udp" ? { truncate: true } : { raw }));
      expect(await new Resolver().query("several.example", "MX", asking(server))).toMatchObject({ outcome: "unusable_reply", records: [] });
    }
  });
});

describe("a server that does not know EDNS", () => {
  test.each([1, 4])("and replies %i is asked again without it", async (rcode) => {
    const server = await serve(({ udpBytes }) => (udpBytes > 512 ? { rcode } : undefined));
    expect(await new Resolver().query("several.example", "MX", asking(server))).toMatchObject({ outcome: "found" });
    expect(server.questions.map(({ udpBytes }) => udpBytes)).toEqual([1232, 512]);
  });

  test("and replies with a bare header is asked again without it", async () => {
    const server = await serve(({ udpBytes }) => (udpBytes > 512 ? { raw: (reply) => [bareHeader(reply, 1)] } : undefined));
    expect(await new Resolver().query("several.example", "MX", asking(server))).toMatchObject({ outcome: "found" });
  });
});

describe("an uncertain answer", () => {
  test.each([
    [2, "server_failure", 2],
    [5, "refused", 5],
    [9, "unusable_reply", 9],
  ])("with response code %i: a temporary failure, not a negative answer", async (rcode, outcome, reported) => {
    const answer = await new Resolver().query("several.example", "MX", asking(await serve({ rcode })));
    expect(answer).toMatchObject({ outcome, rcode: reported, records: [], ttl: null });
    expect(answer.problem).toMatch(/^127\.0\.0\.1:\d+: /);
  });

  test("after the timeout, if no server answers", async () => {
    const server = await serve({ drop: true });
    const began = performance.now();
    const answer = await new Resolver().query("several.example", "MX", { ...asking(server), tryTimeoutMs: 60, timeoutMs: 200 });
    const took = performance.now() - began;
    expect(answer).toMatchObject({ outcome: "timeout", rcode: null, server: null, problem: "no name server answered within 200 ms" });
    expect(took).toBeGreaterThan(190);
    expect(took).toBeLessThan(600);
    expect(server.questions).toHaveLength(2);
  });

  test("at once, if the port is closed", async () => {
    const gone = await serve();
    await gone.close();
    const began = performance.now();
    expect(await new Resolver().query("several.example", "MX", asking(gone))).toMatchObject({ outcome: "unreachable", rcode: null });
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test.each(["nonsense", "localhost", "300.1.1.1", "127.0.0.1:0", "127.0.0.1:65536", "[127.0.0.1", "::1:5353:x"])(
    "%j is refused as a name server",
    async (server) => {
      await expect(new Resolver().query("several.example", "MX", { servers: [server] })).rejects.toMatchObject({ failure: { code: "not_permitted" } });
    },
  );
});

describe("of several servers", () => {
  test("the first that answers is enough", async () => {
    const [first, second] = [await serve(), await serve()];
    await new Resolver().query("several.example", "MX", asking(first, second));
    expect([first.questions.length, second.questions.length]).toEqual([1, 0]);
  });

  test.each<[string, DnsBehaviour]>([
    ["fails", { rcode: 2 }],
    ["refuses", { rcode: 5 }],
    ["sends what cannot be read", { raw: (reply) => [withBits(reply, 7, 0x10)] }],
  ])("one that %s is skipped at once, and not asked again", async (_what, behaviour) => {
    const [bad, good] = [await serve(behaviour), await serve({ delayMs: 50 })];
    const answer = await new Resolver().query("several.example", "MX", { ...asking(bad, good), tryTimeoutMs: 20 });
    expect(answer).toMatchObject({ outcome: "found", server: good.servers[0] });
    expect(bad.questions).toHaveLength(1);
  });

  test("the late answer of a slow one counts while the next is asked", async () => {
    const [slow, silent] = [await serve({ delayMs: 120 }), await serve({ drop: true })];
    const answer = await new Resolver().query("several.example", "MX", { ...asking(slow, silent), tryTimeoutMs: 75 });
    expect(answer).toMatchObject({ outcome: "found", server: slow.servers[0] });
    expect(silent.questions).toHaveLength(1);
  });

  test("each is asked within the total timeout, even if the timeout per server is longer", async () => {
    const [silent, good] = [await serve({ drop: true }), await serve()];
    expect(await new Resolver().query("several.example", "MX", { ...asking(silent, good), timeoutMs: 300 })).toMatchObject({ outcome: "found" });
  });

  test("a lost datagram is sent again", async () => {
    const server = await serve(({ before }) => (before === 0 ? { drop: true } : undefined));
    expect(await new Resolver().query("several.example", "MX", { ...asking(server), tryTimeoutMs: 30 })).toMatchObject({ outcome: "found" });
    expect(server.questions).toHaveLength(2);
  });

  test("the failure names the reply of the one that answered", async () => {
    const [failing, silent] = [await serve({ rcode: 2 }), await serve({ drop: true })];
    const answer = await new Resolver().query("several.example", "MX", { ...asking(failing, silent), tryTimeoutMs: 30, timeoutMs: 150 });
    expect(answer).toMatchObject({ outcome: "server_failure", server: failing.servers[0] });
  });

  test("after a negative answer the next one is not asked", async () => {
    const [first, second] = [await serve(), await serve()];
    expect(await new Resolver().query("missing.example", "MX", asking(first, second))).toMatchObject({ outcome: "no_such_name" });
    expect(second.questions).toEqual([]);
  });
});

describe("a datagram that is no reply to the question is ignored", () => {
  const evil = (reply: Buffer): Buffer =>
    encode({ ...(decode(reply) as Packet), answers: [{ type: "MX", name: "several.example", ttl: 9, data: { preference: 1, exchange: "evil.example" } }] });

  test.each<[string, (reply: Buffer) => Buffer[]]>([
    ["another id", (reply) => [withBits(evil(reply), 1, 0x01), reply]],
    ["another question", (reply) => [encode({ ...(decode(evil(reply)) as Packet), questions: [{ name: "other.example", type: "MX" }] }), reply]],
    ["garbage", (reply) => [Buffer.from("garbage"), Buffer.alloc(0), Buffer.alloc(500, 0xff), reply]],
    ["a query", (reply) => [withBits(evil(reply), 2, 0x80), reply]],
  ])("%s: the reply after it is used", async (_what, raw) => {
    const answer = await new Resolver().query("several.example", "MX", asking(await serve({ raw })));
    expect(hosts(answer.records)).toContain("mx1.example");
    expect(hosts(answer.records)).not.toContain("evil.example");
  });

  test("a reply from another port is ignored", async () => {
    const other = createSocket("udp4");
    await new Promise<void>((resolve) => other.bind(0, "127.0.0.1", resolve));
    const ports = new Set<number>();
    // A server that remembers the client's address, and lets another socket answer first.
    const server = createSocket("udp4", (query, from) => {
      ports.add(from.port);
      const question = decode(query);
      const reply = (exchange: string): Buffer =>
        encode({
          type: "response",
          id: question.id,
          questions: question.questions,
          answers: [{ type: "MX", name: "several.example", ttl: 9, data: { preference: 1, exchange } }],
        });
      other.send(reply("evil.example"), from.port, "127.0.0.1", () => setTimeout(() => server.send(reply("good.example"), from.port, "127.0.0.1"), 30));
    });
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    const options: LookUpOptions = { servers: [`127.0.0.1:${server.address().port}`], cache: "off" };
    const resolver = new Resolver();
    const answers = await Promise.all(Array.from({ length: 8 }, () => resolver.query("several.example", "MX", options)));
    expect(new Set(answers.flatMap(({ records }) => hosts(records)))).toEqual(new Set(["good.example"]));
    // Questions that are under way at the same time go out from a port each.
    expect(ports.size).toBe(8);
    for (const socket of [server, other]) await new Promise<void>((resolve) => socket.close(() => resolve()));
  });

  test("a local port is used for a few questions, then replaced", async () => {
    const ports: number[] = [];
    const server = createSocket("udp4", (query, from) => {
      ports.push(from.port);
      const { id, questions } = decode(query);
      server.send(encode({ type: "response", id, questions, answers: [] }), from.port, "127.0.0.1");
    });
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    const resolver = new Resolver();
    for (let round = 0; round < 48; round++) await resolver.query("several.example", "MX", { servers: [`127.0.0.1:${server.address().port}`], cache: "off" });
    expect(new Set(ports).size).toBeGreaterThan(2);
    for (const port of new Set(ports)) expect(ports.filter((each) => each === port).length).toBeLessThanOrEqual(16);
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  test("any number of them does not extend the timeout", async () => {
    const server = await serve({ raw: (reply) => Array.from({ length: 150 }, () => withBits(reply, 1, 0x01)) });
    expect(await new Resolver().query("several.example", "MX", { ...asking(server), timeoutMs: 1000 })).toMatchObject({ records: [], rcode: null });
  });

  test("records of other names are ignored", async () => {
    const edit = (reply: DnsReply): DnsReply => ({
      ...reply,
      answers: [...(reply.answers ?? []), { type: "MX", name: "bank.example", ttl: 9, data: { preference: 1, exchange: "evil.example" } }],
    });
    const resolver = new Resolver();
    const server = await serve(({ name }) => (name === "several.example" ? { edit } : undefined));
    expect(hosts((await resolver.query("several.example", "MX", asking(server))).records)).not.toContain("evil.example");
    expect(await resolver.query("bank.example", "MX", asking(server))).toMatchObject({ outcome: "no_such_name", fromCache: false });
  });
});

describe("a cached answer", () => {
  const clockedResolver = () => {
    const clock = { ms: 1_000_000 };
    return { clock, resolver: new Resolver({ now: () => clock.ms }) };
  };

  test("is used until it expires", async () => {
    const { clock, resolver } = clockedResolver();
    const server = await serve();
    await resolver.query("short.example", "MX", asking(server));
    clock.ms += 999;
    expect(await resolver.query("SHORT.example", "MX", asking(server))).toMatchObject({ fromCache: true, ttl: 0 });
    clock.ms += 1;
    expect(await resolver.query("short.example", "MX", asking(server))).toMatchObject({ fromCache: false, ttl: 1 });
    expect(server.questions).toHaveLength(2);
  });

  test("may be negative", async () => {
    const { clock, resolver } = clockedResolver();
    const server = await serve();
    await resolver.query("missing.example", "MX", asking(server));
    clock.ms += 59_999;
    expect(await resolver.query("missing.example", "MX", asking(server))).toMatchObject({ outcome: "no_such_name", fromCache: true });
    clock.ms += 1;
    expect(await resolver.query("missing.example", "MX", asking(server))).toMatchObject({ fromCache: false });
  });

  test("is not kept with a TTL of 0", async () => {
    const server = await serve();
    const resolver = new Resolver();
    await resolver.query("none.example", "MX", asking(server));
    expect(await resolver.query("none.example", "MX", asking(server))).toMatchObject({ fromCache: false });
  });

  test("is replaced in mode refresh, and neither read nor stored in mode off", async () => {
    const server = await serve();
    const resolver = new Resolver();
    await resolver.query("several.example", "MX", { ...asking(server), cache: "off" });
    expect(resolver.cache.size).toBe(0);
    await resolver.query("several.example", "MX", asking(server));
    expect(await resolver.query("several.example", "MX", { ...asking(server), cache: "refresh" })).toMatchObject({ fromCache: false });
    expect(await resolver.query("several.example", "MX", asking(server))).toMatchObject({ fromCache: true });
    expect(await resolver.query("several.example", "MX", { ...asking(server), cache: "off" })).toMatchObject({ fromCache: false });
    expect(server.questions).toHaveLength(4);
  });

  test("does not contain a timeout that was shorter than the usual one", async () => {
    const server = await serve({ delayMs: 80 });
    const resolver = new Resolver();
    const [hurried, patient] = await Promise.all([20, 3000].map((timeoutMs) => resolver.query("several.example", "MX", { ...asking(server), timeoutMs })));
    expect([hurried?.outcome, patient?.outcome]).toEqual(["timeout", "found"]);
    await resolver.query("mx1.example", "A", { ...asking(server), timeoutMs: 20 });
    expect(await resolver.query("mx1.example", "A", asking(server))).toMatchObject({ outcome: "found", fromCache: false });
  });

  test("contains a server failure for a short time", async () => {
    const { clock, resolver } = clockedResolver();
    const server = await serve({ rcode: 2 });
    await resolver.query("several.example", "MX", asking(server));
    expect(await resolver.query("several.example", "MX", asking(server))).toMatchObject({ outcome: "server_failure", fromCache: true });
    clock.ms += 5000;
    expect(await resolver.query("several.example", "MX", asking(server))).toMatchObject({ outcome: "server_failure", fromCache: false });
  });

  test("from one server is not used for another", async () => {
    const [first, second] = [await serve(), await serve({ rcode: 5 })];
    const resolver = new Resolver();
    await resolver.query("several.example", "MX", asking(first));
    expect(await resolver.query("several.example", "MX", asking(second))).toMatchObject({ outcome: "refused" });
  });
});

describe("the same question from several callers", () => {
  test("is asked once", async () => {
    const server = await serve({ delayMs: 20 });
    const resolver = new Resolver();
    const answers = await Promise.all(Array.from({ length: 100 }, () => resolver.query("several.example", "MX", asking(server))));
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(["found"]));
    expect(server.questions).toHaveLength(1);
  });

  test("continues for the others if one is cancelled, and ends when all are", async () => {
    const server = await serve(({ before }) => (before === 0 ? { delayMs: 120 } : { drop: true }));
    const resolver = new Resolver();
    const hasty = new Deadline(30, undefined);
    const patient = new Deadline(5000, undefined);
    const [given, got] = await Promise.allSettled([
      resolver.query("several.example", "MX", { ...asking(server), ending: hasty }),
      resolver.query("several.example", "MX", { ...asking(server), ending: patient }),
    ]);
    expect(given).toMatchObject({ status: "rejected", reason: { failure: { phase: "resolve", code: "timeout" } } });
    expect(got).toMatchObject({ status: "fulfilled", value: { outcome: "found" } });
    for (const deadline of [hasty, patient]) deadline.release();
    const cancelled = new AbortController();
    const asked = resolver.query("mx1.example", "A", { ...asking(await serve({ drop: true })), ending: new Deadline(5000, cancelled.signal) });
    cancelled.abort();
    await expect(asked).rejects.toMatchObject({ failure: { code: "cancelled" } });
  });

  test("leaves no socket and no timer open", async () => {
    const server = await serve(({ transport }) => (transport === "udp" ? { truncate: true } : { drop: true }));
    // What earlier tests closed may need a moment to be gone.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = openHandles();
    const asked = new Resolver().query("several.example", "MX", { ...asking(server), ending: new Deadline(50, undefined) });
    expect(openHandles()).toBeGreaterThan(before);
    await expect(asked).rejects.toMatchObject({ failure: { code: "timeout" } });
    await expect.poll(openHandles).toBeLessThanOrEqual(before);
  });
});

/** Sockets and timers that would keep the process alive. */
function openHandles(): number {
  return process.getActiveResourcesInfo().filter((name) => /UDP|TCP|Timeout/.test(name)).length;
}

function withBits(message: Buffer, offset: number, bits: number): Buffer {
  const copy = Buffer.from(message);
  copy[offset] = (copy[offset] as number) ^ bits;
  return copy;
}

function bareHeader(reply: Buffer, rcode: number): Buffer {
  const header = Buffer.alloc(12);
  reply.copy(header, 0, 0, 2);
  header.writeUInt8(0x80, 2);
  header.writeUInt8(rcode, 3);
  return header;
}

describe("what comes beside an answer", () => {
  test("the SOA record of an answer that there is nothing is kept, also in the cache", async () => {
    const named = await serve();
    const resolver = new Resolver();
    for (const fromCache of [false, true]) {
      const answer = await resolver.query("missing.example", "MX", asking(named));
      expect(answer).toMatchObject({ outcome: "no_such_name", fromCache, authority: [{ type: "SOA", name: "example" }] });
      expect(zoneOf(answer)).toBe("example");
    }
    expect(await resolver.query("mx1.example", "A", asking(named))).toMatchObject({ outcome: "found", authority: [] });
  });

  // RFC 8914, section 2: code 6, DNSSEC Bogus, and a text.
  const option = (bytes: Buffer) => ({
    type: "OPT",
    name: ".",
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [{ code: 15, data: bytes }],
  });
  test.each([
    [Buffer.from("0006", "hex"), [{ code: 6, text: "" }], "DNSSEC Bogus"],
    [Buffer.concat([Buffer.of(0, 7), Buffer.from("key\u0007 of\u202e 2020")]), [{ code: 7, text: "key� of� 2020" }], "Signature Expired: key� of� 2020"],
    [Buffer.from("ffff", "hex"), [{ code: 65_535, text: "" }], "extended error 65535"],
    [Buffer.from("06", "hex"), [], "SERVFAIL"],
  ])("an extended error %j is kept, and is in the problem", async (bytes, errors, words) => {
    const failing = await serve({ rcode: 2, edit: (reply) => ({ ...reply, additionals: [option(bytes)] }) });
    const answer = await new Resolver().query("mx1.example", "A", asking(failing));
    expect(answer).toMatchObject({ outcome: "server_failure", extendedErrors: errors });
    expect(answer.problem).toContain(words);
  });
});
