import { describe, expect, test } from "vitest";
import { startDnsServer } from "../../../../runner/lab/dns-server.js";
import { askServers, type ServerAnswer } from "../../../../runner/net/dns/ask-servers.js";
import { parseServer } from "../../../../runner/net/dns/server-address.js";
import { type ServerBound, ServerBounds, usualBound } from "../../../../runner/net/dns/server-bounds.js";
import { zoneText } from "../../../support/zones.js";

const SERVER = parseServer("192.0.2.53");
const boundsOf = (bound: ServerBound): ServerBounds => new ServerBounds(() => bound);

describe("the bound of a name server", () => {
  test("limits simultaneous queries, and starts waiting ones in order", () => {
    const bounds = boundsOf({ inFlight: 2, rate: null });
    const order: number[] = [];
    const places = [0, 1, 2, 3, 4].map((number) => {
      const place = bounds.place(SERVER);
      place.take(() => order.push(number));
      return place;
    });
    expect(order).toEqual([0, 1]);
    places[0]?.leave();
    places[0]?.leave();
    expect(order).toEqual([0, 1, 2]);
    // One that gives up while it waits takes no place, and frees none.
    places[3]?.leave();
    expect(order).toEqual([0, 1, 2]);
    places[1]?.leave();
    expect(order).toEqual([0, 1, 2, 4]);
  });

  test("is one for each address and port", () => {
    const bounds = boundsOf({ inFlight: 1, rate: null });
    const taken: string[] = [];
    for (const server of ["192.0.2.53", "192.0.2.53", "192.0.2.53:5353", "2001:db8::53"]) bounds.place(parseServer(server)).take(() => taken.push(server));
    expect(taken).toEqual(["192.0.2.53", "192.0.2.53:5353", "2001:db8::53"]);
  });

  test("spreads questions over time", async () => {
    let now = 0;
    const bounds = new ServerBounds(
      () => ({ inFlight: 100, rate: { perSecond: 200, burst: 2 } }),
      () => now,
    );
    let admitted = 0;
    await new Promise<void>((done) => {
      for (let question = 0; question < 6; question++) {
        const place = bounds.place(SERVER);
        place.take(() => {
          admitted += 1;
          // The clock stands still until the bound waits for it.
          if (admitted === 6) done();
        });
      }
      expect(admitted).toBe(2);
      const tick = setInterval(() => {
        now += 5;
        expect(admitted).toBeLessThanOrEqual(2 + Math.floor(now / 5));
        if (admitted === 6) clearInterval(tick);
      }, 5);
    });
    expect(now).toBeGreaterThanOrEqual(20);
  });

  test("has a rate for public servers only", () => {
    expect(usualBound(parseServer("127.0.0.1"))).toMatchObject({ rate: null });
    expect(usualBound(parseServer("10.0.0.53"))).toMatchObject({ rate: null });
    expect(usualBound(parseServer("9.9.9.9")).rate).toMatchObject({ perSecond: 1000 });
    expect(usualBound(parseServer("2620:fe::fe")).rate).toMatchObject({ perSecond: 1000 });
  });

  test("holds back a look-up for longer than its timeout, which begins with the question", async () => {
    const server = await startDnsServer({ zones: [zoneText("example")] });
    try {
      const bounds = boundsOf({ inFlight: 1, rate: null });
      const servers = server.servers.map(parseServer);
      const before = bounds.place(servers[0] as typeof SERVER);
      before.take(() => {});
      const timeouts = { tryTimeoutMs: 1500, timeoutMs: 1500, tries: 1 };
      const answered = new Promise<{ answer: ServerAnswer; waitedMs: number }>((resolve) => {
        askServers(servers, { name: "several.example", type: "MX" }, timeouts, (answer, waitedMs) => resolve({ answer, waitedMs }), bounds);
      });
      setTimeout(() => before.leave(), 2000);
      const { answer, waitedMs } = await answered;
      expect(answer.outcome).toBe("found");
      expect(waitedMs).toBeGreaterThan(1900);
    } finally {
      await server.close();
    }
  });

  test("holds back many look-ups at one server", async () => {
    let unanswered = 0;
    let most = 0;
    const server = await startDnsServer({
      zones: [zoneText("example")],
      behave: () => {
        unanswered += 1;
        most = Math.max(most, unanswered);
        setTimeout(() => {
          unanswered -= 1;
        }, 40);
        return { delayMs: 50 };
      },
    });
    try {
      const bounds = boundsOf({ inFlight: 3, rate: null });
      const ask = (): Promise<ServerAnswer> =>
        new Promise((resolve) => {
          const servers = server.servers.map(parseServer);
          askServers(servers, { name: "several.example", type: "MX" }, { tryTimeoutMs: 10_000, timeoutMs: 10_000, tries: 1 }, resolve, bounds);
        });
      const answers = await Promise.all(Array.from({ length: 30 }, ask));
      expect(answers.every(({ outcome }) => outcome === "found")).toBe(true);
      expect(most).toBeLessThanOrEqual(3);
    } finally {
      await server.close();
    }
  });
});
