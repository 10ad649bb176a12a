import { describe, expect, test } from "vitest";
import type { Answer } from "../../../../runner/net/dns/answer.js";
import { Cache } from "../../../../runner/net/dns/cache.js";

const answer = (changes: Partial<Answer> = {}): Answer => ({
  outcome: "found",
  rcode: 0,
  records: ["192.0.2.1"],
  aliases: [],
  ttl: 100,
  authenticated: true,
  server: "192.0.2.53",
  fromCache: false,
  authority: [],
  extendedErrors: [],
  problem: null,
  ...changes,
});

function cacheAt(options: { entries?: number; maxTtlS?: number } = {}) {
  const clock = { ms: 1_000_000 };
  return { clock, cache: new Cache({ now: () => clock.ms, ...options }) };
}

describe("the cache", () => {
  test("gives an answer with its remaining TTL until it expires", () => {
    const { cache, clock } = cacheAt();
    cache.set("A a.example", answer());
    expect(cache.get("A a.example")).toEqual(answer({ fromCache: true }));
    clock.ms += 40_500;
    expect(cache.get("A a.example")?.ttl).toBe(59);
    clock.ms += 59_499;
    expect(cache.get("A a.example")?.ttl).toBe(0);
    clock.ms += 1;
    expect(cache.get("A a.example")).toBeNull();
  });

  test.each(["no_data", "no_such_name"] as const)("keeps a negative answer (%s) as long as the zone says", (outcome) => {
    const { cache, clock } = cacheAt();
    cache.set("key", answer({ outcome, ttl: 60 }));
    clock.ms += 59_000;
    expect(cache.get("key")).toMatchObject({ outcome, ttl: 1 });
    clock.ms += 1000;
    expect(cache.get("key")).toBeNull();
  });

  test.each([0, null])("does not keep an answer with a TTL of %s, and drops the one before it", (ttl) => {
    const { cache } = cacheAt();
    cache.set("key", answer());
    cache.set("key", answer({ ttl }));
    expect(cache.get("key")).toBeNull();
  });

  test.each(["server_failure", "refused", "unusable_reply", "unreachable", "timeout"] as const)("keeps a failure (%s) for five seconds", (outcome) => {
    const { cache, clock } = cacheAt();
    cache.set("key", answer({ outcome, ttl: null }));
    clock.ms += 4999;
    expect(cache.get("key")).toMatchObject({ outcome });
    clock.ms += 1;
    expect(cache.get("key")).toBeNull();
  });

  test("keeps no record longer than a day, or than its TTL", () => {
    const { cache, clock } = cacheAt();
    cache.set("key", answer({ ttl: 604_800 }));
    expect(cache.get("key")?.ttl).toBe(86_400);
    clock.ms += 86_400_000;
    expect(cache.get("key")).toBeNull();
    const short = cacheAt({ maxTtlS: 5 });
    short.cache.set("key", answer());
    short.cache.keep("other", answer(), short.clock.ms + 1_000_000);
    expect(short.cache.get("key")?.ttl).toBe(5);
    expect(short.cache.get("other")?.ttl).toBe(5);
  });

  test("does not keep an answer above the size limit", () => {
    const { cache } = cacheAt();
    const records = (count: number): string[] => Array.from({ length: count }, () => "192.0.2.1");
    cache.set("long", answer({ records: records(100) }));
    cache.set("longer", answer({ records: records(101) }));
    expect([cache.get("long"), cache.get("longer")].map((known) => known !== null)).toEqual([true, false]);
  });

  test("has a limited size, and evicts the entry that was not used for longest", () => {
    const { cache } = cacheAt({ entries: 100 });
    for (let round = 0; round < 1000; round++) {
      cache.set(`${round}`, answer());
      expect(cache.get("0"), `after ${round}`).not.toBeNull();
      expect(cache.size).toBeLessThanOrEqual(100);
    }
    expect(cache.get("1")).toBeNull();
    expect(cache.get("960")).not.toBeNull();
  });
});
