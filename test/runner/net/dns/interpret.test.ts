import { RECURSION_AVAILABLE } from "dns-packet";
import { describe, expect, test } from "vitest";
import { parseZone } from "../../../../runner/lab/dns/zone.js";
import { interpret, type Meaning } from "../../../../runner/net/dns/interpret.js";
import type { Question, Reply } from "../../../../runner/net/dns/message.js";
import type { WireRecord } from "../../../../runner/net/dns/records.js";

const QUESTION: Question = { name: "a.example", type: "MX" };
const SOA = "example. 900 SOA ns hostmaster 1 2 3 4 60";

/** A reply that holds these lines of a master file. */
function said(answers: string, { authorities = "", rcode = 0, recursionAvailable = true, question = QUESTION }: Partial<Said> = {}): Meaning {
  const reply: Reply = {
    rcode,
    truncated: false,
    authenticated: false,
    recursionAvailable,
    answers: records(answers),
    authorities: records(authorities),
    extendedErrors: [],
  };
  return interpret(question, reply);
}

interface Said {
  authorities: string;
  rcode: number;
  recursionAvailable: boolean;
  question: Question;
}

function records(lines: string): WireRecord[] {
  return parseZone(`${lines}\nmarker. SOA a b 1 1 1 1 1`).records.filter(({ name }) => name !== "marker");
}

describe("an answer", () => {
  test("contains the records of the name, and the smallest TTL", () => {
    expect(said("a.example. 300 MX 10 mx1.example.\na.example. 200 MX 20 mx2.example.")).toEqual({
      outcome: "found",
      records: [
        { preference: 10, exchange: "mx1.example" },
        { preference: 20, exchange: "mx2.example" },
      ],
      aliases: [],
      ttl: 200,
      authority: [],
      problem: null,
    });
  });

  test("does not contain records of other names or types", () => {
    const lines = "b.example. MX 10 evil.example.\na.example. A 192.0.2.1\nA.EXAMPLE. MX 10 mx.example.";
    expect(said(lines).records).toEqual([{ preference: 10, exchange: "mx.example" }]);
  });

  test("follows aliases in any order, and expires with them", () => {
    const lines = "c.example. 300 MX 10 mx.example.\nb.example. 30 CNAME c.example.\na.example. 60 CNAME b.example.";
    expect(said(lines)).toMatchObject({ outcome: "found", aliases: ["b.example", "c.example"], ttl: 30 });
  });

  test("for CNAME does not follow aliases", () => {
    const question: Question = { name: "a.example", type: "CNAME" };
    expect(said("a.example. CNAME b.example.\nb.example. CNAME c.example.", { question })).toMatchObject({ records: ["b.example"], aliases: [] });
  });

  test("ends at the last alias if it contains no records for it", () => {
    expect(said("a.example. 60 CNAME b.other.")).toMatchObject({ outcome: "elsewhere", aliases: ["b.other"], ttl: 60 });
  });

  test("has a TTL of 0 if its highest bit is set", () => {
    expect(said("a.example. 2147483648 MX 10 mx.example.").ttl).toBe(0);
    expect(said("a.example. 2147483647 MX 10 mx.example.").ttl).toBe(2_147_483_647);
  });
});

describe("a negative answer", () => {
  test("is valid for the smaller of the SOA's TTL and its minimum", () => {
    expect(said("", { authorities: SOA })).toMatchObject({ outcome: "no_data", ttl: 60 });
    expect(said("", { authorities: "example. 20 SOA ns hostmaster 1 2 3 4 60", rcode: 3 })).toMatchObject({ outcome: "no_such_name", ttl: 20 });
  });

  test("is not cached without an SOA, or with another zone's", () => {
    expect(said("")).toMatchObject({ outcome: "no_data", ttl: null });
    expect(said("", { authorities: "other. 900 SOA ns hostmaster 1 2 3 4 60", rcode: 3 })).toMatchObject({ outcome: "no_such_name", ttl: null });
  });

  test("applies to the last alias", () => {
    const alias = "a.example. 30 CNAME b.example.";
    expect(said(alias, { authorities: SOA })).toMatchObject({ outcome: "no_data", aliases: ["b.example"], ttl: 30 });
    expect(said(alias, { authorities: SOA, rcode: 3 })).toMatchObject({ outcome: "no_such_name", aliases: ["b.example"], ttl: 30 });
  });
});

describe("the answer is uncertain", () => {
  test.each([
    [2, "server_failure", "SERVFAIL"],
    [5, "refused", "REFUSED"],
    [4, "unusable_reply", "response code 4"],
    [1, "unusable_reply", "response code 1"],
    [23, "unusable_reply", "response code 23"],
  ])("with response code %i, regardless of the rest of the reply", (rcode, outcome, words) => {
    const meaning = said("a.example. MX 10 mx.example.", { rcode });
    expect(meaning).toMatchObject({ outcome, records: [], ttl: null });
    expect(meaning.problem).toContain(words);
  });

  test("if aliases form a loop or a very long chain", () => {
    expect(said("a.example. CNAME b.example.\nb.example. CNAME a.example.").outcome).toBe("unusable_reply");
    expect(said("a.example. CNAME a.example.").outcome).toBe("unusable_reply");
    const ladder = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map((name, index, all) => `${name}.example. CNAME ${all[index + 1] ?? "z"}.example.`);
    expect(said(ladder.join("\n")).outcome).toBe("unusable_reply");
    expect(said(ladder.slice(0, 8).join("\n")).outcome).toBe("elsewhere");
  });

  test("if the server sends only a referral", () => {
    const authorities = "example. NS ns.example.";
    expect(said("", { authorities, recursionAvailable: false }).outcome).toBe("unusable_reply");
    expect(said("", { authorities, recursionAvailable: true }).outcome).toBe("no_data");
  });
});

test("the recursion flag has the position that the tests use", () => {
  expect(RECURSION_AVAILABLE).toBe(0x80);
});

describe("a signed zone that denies a name with NOERROR (RFC 9824)", () => {
  const nsec = (name: string, rrtypes: string[]): WireRecord =>
    ({ type: "NSEC", name, class: "IN", ttl: 60, data: { nextDomain: `\\000.${name}`, rrtypes } }) as unknown as WireRecord;
  const reply = (authority: WireRecord): Reply => ({
    rcode: 0,
    truncated: false,
    authenticated: true,
    extendedErrors: [],
    recursionAvailable: true,
    answers: [],
    authorities: [...records(SOA), authority],
  });

  test.each([
    ["NXNAME at the name: it does not exist", nsec("a.example", ["RRSIG", "NSEC", "UNKNOWN_128"]), "no_such_name"],
    ["no NXNAME: the name exists", nsec("a.example", ["TXT", "RRSIG", "NSEC"]), "no_data"],
    ["NXNAME of another name", nsec("b.example", ["RRSIG", "NSEC", "UNKNOWN_128"]), "no_data"],
  ])("%s", (_title, authority, outcome) => {
    expect(interpret(QUESTION, reply(authority))).toMatchObject({ outcome, ttl: 4 * 15 });
  });
});
