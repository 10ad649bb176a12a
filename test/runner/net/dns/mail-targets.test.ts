import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mailTargets } from "../../../../runner/net/dns/mail-targets.js";
import { seededRandom, shuffled } from "../../../../runner/net/dns/shuffle.js";

const mx = (preference: number, exchange: string) => ({ preference, exchange });
const order = (records: Parameters<typeof mailTargets>[0], seed = 1): string[] => mailTargets(records, seededRandom(seed)).map(({ host }) => host);

describe("mail hosts", () => {
  test("are sorted by preference, equal ones in random order", () => {
    const records = [mx(20, "backup.example"), mx(10, "a.example"), mx(10, "b.example"), mx(10, "c.example"), mx(0, "first.example")];
    const orders = new Set(Array.from({ length: 200 }, (_, seed) => order(records, seed).join(" ")));
    expect(orders.size).toBe(6);
    for (const each of orders) expect(each).toMatch(/^first\.example ([abc]\.example ){3}backup\.example$/);
  });

  test("have the same order for the same seed, in any order of the server's records", () => {
    const records = ["a", "b", "c", "d", "e"].map((name) => mx(10, `${name}.example`));
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: 5 }), fc.nat(0xffff_ffff), (given, seed) => {
        expect(order(given, seed)).toEqual(order(records, seed));
      }),
    );
  });

  test("that are named twice are listed once, at the better preference", () => {
    expect(order([mx(20, "A.example"), mx(10, "a.example."), mx(15, "b.example"), mx(10, "a.example")])).toEqual(["a.example", "b.example"]);
  });

  test("a null MX is not a mail host", () => {
    expect(order([mx(0, "."), mx(10, "a.example"), mx(5, "")])).toEqual(["a.example"]);
  });

  test.each([
    ["192.0.2.1", "address"],
    ["2001:db8::1", "address"],
    ["300.1.2", "address"],
    ["localhost", "localhost"],
    ["mail.localhost", "localhost"],
    ["a b.example", "not_a_name"],
    ["a..example", "not_a_name"],
    ["_mx.example", "not_a_host_name"],
    ["-a.example", "not_a_host_name"],
    ["mx.example", null],
    ["xn--bcher-kva.example", null],
  ])("%j has the problem %s", (exchange, problem) => {
    expect(mailTargets([mx(10, exchange)], Math.random)).toMatchObject([{ host: exchange, problem }]);
  });
});

test("all orders are equally likely", () => {
  const counts = new Map<string, number>();
  const random = seededRandom(42);
  for (let round = 0; round < 6000; round++) {
    const each = shuffled(["a", "b", "c"], random).join("");
    counts.set(each, (counts.get(each) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test("random numbers are between 0 and 1", () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), (seed) => {
      const random = seededRandom(seed);
      for (let draw = 0; draw < 20; draw++) {
        const number = random();
        expect(number >= 0 && number < 1).toBe(true);
      }
    }),
  );
});
