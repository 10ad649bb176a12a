import { describe, expect, test } from "vitest";
import { checkHost, type SpfResult } from "../../../../runner/mail/spf/check-host.js";
import { SpfError, type SpfRecordType } from "../../../../runner/mail/spf/lookups.js";
import { parseSpfRecord } from "../../../../runner/mail/spf/record.js";

type Zone = Readonly<Record<string, Partial<Record<SpfRecordType, readonly string[] | "fails">>>>;

/** Names that others include, and hosts. */
const COMMON: Zone = {
  "host.example": { A: ["192.0.2.7"], AAAA: ["2001:db8::7"] },
  "mail.example": { MX: ["host.example.", "other.example."] },
  "other.example": { A: ["198.51.100.1"], AAAA: ["2001:db8:1::1"] },
  "yes.example": { TXT: ["v=spf1 +all"] },
  "no.example": { TXT: ["v=spf1 -all"] },
  "soft.example": { TXT: ["v=spf1 ~all"] },
  "down.example": { TXT: "fails", A: "fails" },
  "broken.example": { TXT: ["v=spf1 ip4:1.2.3"] },
  "twice.example": { TXT: ["v=spf1 -all", "v=spf1 +all"] },
  "7.2.0.192.in-addr.arpa": { PTR: ["host.example.", "liar.example."] },
  "liar.example": { A: ["203.0.113.9"] },
  "why.example": { TXT: ["%{i} is not one of %{d}'s hosts%_(%{c}, %{r})"] },
  "ann.by.local.example": { A: ["127.0.0.2"] },
  "192.0.2.7.by.ip.example": { A: ["127.0.0.2"] },
  "big.example": { MX: Array.from({ length: 11 }, (_, at) => `mx${at}.example`) },
};

function resolverOf(zone: Zone) {
  const asked: string[] = [];
  return {
    asked,
    resolve: async (name: string, type: SpfRecordType): Promise<readonly string[]> => {
      asked.push(`${type} ${name}`);
      const answer = zone[name.toLowerCase()]?.[type] ?? [];
      if (answer === "fails") throw new SpfError("temperror", `${type} ${name} failed`);
      return answer;
    },
  };
}

async function check(record: string | readonly string[], { ip = "192.0.2.7", sender = "ann@from.example", helo = "helo.example", zone = {} as Zone } = {}) {
  const { resolve, asked } = resolverOf({ ...COMMON, "from.example": { TXT: typeof record === "string" ? [record] : record }, ...zone });
  return { ...(await checkHost({ ip, sender, helo, receiver: "mx.example.net" }, resolve)), asked };
}

describe("a record decides by its first directive that matches", () => {
  test.each<[record: string, result: SpfResult, matched: string | null]>([
    ["v=spf1", "neutral", null],
    ["v=spf1 ip4:192.0.2.7 -all", "pass", "ip4:192.0.2.7"],
    ["V=SPF1 IP4:192.0.2.7 -ALL", "pass", "IP4:192.0.2.7"],
    ["v=spf1 ip4:192.0.2.0/24 -all", "pass", "ip4:192.0.2.0/24"],
    ["v=spf1 ip4:192.0.2.8/29 -all", "fail", "-all"],
    ["v=spf1 ip4:0.0.0.0/0 -all", "pass", "ip4:0.0.0.0/0"],
    ["v=spf1 ip6:::/0 ~all", "softfail", "~all"],
    ["v=spf1 -ip4:192.0.2.7 +all", "fail", "-ip4:192.0.2.7"],
    ["v=spf1 a:host.example -all", "pass", "a:host.example"],
    ["v=spf1 a:other.example/8 -all", "fail", "-all"],
    ["v=spf1 a:other.example/1 -all", "pass", "a:other.example/1"],
    ["v=spf1 mx:mail.example ?all", "pass", "mx:mail.example"],
    ["v=spf1 mx:host.example ?all", "neutral", "?all"],
    ["v=spf1 include:no.example include:soft.example include:yes.example -all", "pass", "include:yes.example"],
    ["v=spf1 -include:yes.example +all", "fail", "-include:yes.example"],
    ["v=spf1 redirect=soft.example", "softfail", "~all"],
    ["v=spf1 redirect=yes.example -all", "fail", "-all"],
    ["v=spf1 ptr:host.example -all", "pass", "ptr:host.example"],
    ["v=spf1 ptr:liar.example -all", "fail", "-all"],
    ["v=spf1 exists:%{l}.by.local.example -all", "pass", "exists:%{l}.by.local.example"],
    ["v=spf1 exists:%{i}.by.ip.example -all", "pass", "exists:%{i}.by.ip.example"],
    ["v=spf1 unknown=ok -all", "fail", "-all"],
  ])("%s: %s", async (record, result, matched) => {
    expect(await check(record)).toMatchObject({ result, matched: matched === null ? null : { term: matched } });
  });

  test.each<[ip: string, result: SpfResult]>([
    ["2001:db8::7", "pass"],
    ["2001:DB8:0:0::7", "pass"],
    ["2001:db8::8", "fail"],
    ["::ffff:192.0.2.7", "pass"],
    ["2001:db8:1::ffff", "pass"],
  ])("for %s: %s", async (ip, result) => {
    expect(await check("v=spf1 ip4:192.0.2.7 a:host.example a:other.example//64 -all", { ip })).toMatchObject({ result });
  });
});

describe("what is no result of a record is said", () => {
  const nested = (levels: number): Zone =>
    Object.fromEntries(Array.from({ length: levels }, (_, at) => [`level${at}.example`, { TXT: [`v=spf1 include:level${at + 1}.example -all`] }]));
  test.each<[why: string, record: string | string[], result: SpfResult, problem: RegExp, zone?: Zone]>([
    ["no record", ["hello", "v=spf10 +all", " v=spf1 +all"], "none", /has no SPF record/],
    ["two records", ["v=spf1 -all", "v=spf1 +all"], "permerror", /has 2 SPF records/],
    ["a syntax error after the term that matches", "v=spf1 ip4:192.0.2.7 foo:x", "permerror", /no mechanism foo/],
    ["a tab", "v=spf1\tall", "none", /has no SPF record/],
    ["a prefix that is too long", "v=spf1 a/33", "permerror", /prefix/],
    ["a prefix with a leading zero", "v=spf1 ip4:192.0.2.0/08", "permerror", /prefix/],
    ["an IPv6 address with ip4", "v=spf1 ip4:2001:db8::7", "permerror", /IPv4/],
    ["redirect twice", "v=spf1 redirect=no.example redirect=no.example", "permerror", /twice/],
    ["a top-level label of digits", "v=spf1 a:host.123", "permerror", /no domain/],
    ["a macro of explanations", "v=spf1 a:%{r}.example", "permerror", /explanation only/],
    ["a lone %", "v=spf1 a:%host.example", "permerror", /%/],
    ["an include without a record", "v=spf1 include:nowhere.example +all", "permerror", /leads to no SPF record/],
    ["an include with an error", "v=spf1 include:broken.example +all", "permerror", /syntax error/],
    ["an include with two records", "v=spf1 include:twice.example +all", "permerror", /has 2/],
    ["an include that cannot be looked up", "v=spf1 include:down.example +all", "temperror", /failed/],
    ["a redirect without a record", "v=spf1 redirect=nowhere.example", "permerror", /redirect/],
    ["a host that cannot be looked up", "v=spf1 a:down.example +all", "temperror", /failed/],
    ["eleven terms that look up", `v=spf1 ${"a:other.example ".repeat(11)}+all`, "permerror", /10 allowed/],
    ["includes that are too deep", "v=spf1 include:level0.example +all", "permerror", /10 allowed/, nested(12)],
    ["an include of itself", "v=spf1 include:from.example +all", "permerror", /10 allowed/],
    ["three names without an address", "v=spf1 a:x.example a:y.example a:z.example +all", "permerror", /2 allowed/],
    ["eleven mail hosts", "v=spf1 mx:big.example +all", "permerror", /more than 10/],
  ])("%s", async (_why, record, result, problem, zone = {}) => {
    expect(await check(record, { zone })).toMatchObject({ result, problem: expect.stringMatching(problem) });
  });

  test.each(["user@", "user@localhost", "user@a..example", `user@${"x".repeat(64)}.example`])(
    "the sender %s has none, and nothing is asked",
    async (sender) => {
      expect(await check("v=spf1 +all", { sender })).toMatchObject({ result: "none", asked: [] });
    },
  );
});

test("what is allowed at most is allowed", async () => {
  expect(await check(`v=spf1 ${"a:other.example ".repeat(10)}+all`)).toMatchObject({ result: "pass", lookups: 10, void_lookups: 0 });
  expect(await check("v=spf1 a:x.example a:y.example +all")).toMatchObject({ result: "pass", lookups: 2, void_lookups: 2 });
});

test("without a sender the HELO name is checked", async () => {
  const zone = { "helo.example": { TXT: ["v=spf1 exists:%{l}.%{o}.by.local.example -all"] }, "postmaster.helo.example.by.local.example": { A: ["127.0.0.2"] } };
  expect(await check("v=spf1 -all", { sender: "", zone })).toMatchObject({ result: "pass", domain: "helo.example" });
});

test("a local part beyond ASCII matches no term that names it", async () => {
  const zone = { "jörg.by.local.example": { A: ["127.0.0.2"] } };
  expect(await check("v=spf1 exists:%{l}.by.local.example -all", { sender: "jörg@from.example", zone })).toMatchObject({ result: "fail" });
});

describe("macros", () => {
  test.each<[spec: string, name: string]>([
    ["%{s}", "strong-bad@email.from.example"],
    ["%{o}", "email.from.example"],
    ["%{d4}", "email.from.example"],
    ["%{d2}", "from.example"],
    ["%{d1r}.x.example", "email.x.example"],
    ["%{l-}.x.example", "strong.bad.x.example"],
    ["%{lr-}.x.example", "bad.strong.x.example"],
    ["%{l1r-}.x.example", "strong.x.example"],
    ["%{ir}.%{v}._spf.%{d2}", "7.2.0.192.in-addr._spf.from.example"],
    ["%{L}%%.x.example", "strong-bad%.x.example"],
    ["%{S}.x.example", "strong-bad%40email.from.example.x.example"],
    ["%{h}.x.example", "helo.example.x.example"],
    ["%{p}.x.example", "host.example.x.example"],
  ])("%s is %s", async (spec, name) => {
    const zone = { "email.from.example": { TXT: [`v=spf1 exists:${spec} -all`] } };
    const { asked } = await check("v=spf1", { sender: "strong-bad@email.from.example", zone });
    expect(asked.at(-1)).toBe(`A ${name}`);
  });

  test("an address of IPv6 stands in nibbles", async () => {
    const { asked } = await check("v=spf1 exists:%{ir}.%{v}.x.example -all", { ip: "2001:db8::cb01" });
    expect(asked.at(-1)).toBe("A 1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6.x.example");
  });

  test("a name that is too long loses labels on its left", async () => {
    const { asked } = await check(`v=spf1 exists:%{l}.${"long-label-of-thirty-characters.".repeat(7)}example -all`, {
      sender: `${"a.".repeat(15)}z@from.example`,
    });
    const name = asked.at(-1)?.slice(2) as string;
    expect(name.length).toBeLessThanOrEqual(253);
    expect(name).toMatch(/^(a\.)*z\.long-label/);
  });
});

describe("an explanation", () => {
  test.each<[record: string, explanation: string | null]>([
    ["v=spf1 exp=why.example -all", "192.0.2.7 is not one of from.example's hosts (192.0.2.7, mx.example.net)"],
    ["v=spf1 exp=why.example ~all", null],
    ["v=spf1 exp=nowhere.example -all", null],
    ["v=spf1 exp=down.example -all", null],
    ["v=spf1 exp=twice.example -all", null],
    ["v=spf1 exp=why.example redirect=no.example", null],
  ])("%s: %s", async (record, explanation) => {
    expect(await check(record)).toMatchObject({ explanation, void_lookups: 0 });
  });
});

test("a syntax error is named with its column", () => {
  expect(parseSpfRecord("v=spf1  mx  ip4:1.2.3 -all")).toEqual({ term: "ip4:1.2.3", column: 13, problem: "it has no IPv4 address" });
});

test("hostile records are read in linear time", () => {
  const began = performance.now();
  for (const term of ["a".repeat(60_000), `exists:${"%{d}".repeat(15_000)}`, `a${"/1".repeat(30_000)}`, `a:${".".repeat(60_000)}`, "%".repeat(60_000)]) {
    parseSpfRecord(`v=spf1 ${term}`);
  }
  expect(performance.now() - began).toBeLessThan(5000);
});
