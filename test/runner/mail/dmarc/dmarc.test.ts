import { describe, expect, test } from "vitest";
import { evaluateDmarc } from "../../../../runner/mail/dmarc/evaluate.js";
import { isDmarcRecord, readDmarcRecord } from "../../../../runner/mail/dmarc/read-record.js";
import { organizationalDomain, walkNames, walkTree } from "../../../../runner/mail/dmarc/tree-walk.js";
import type { TxtLookup } from "../../../../runner/mail/verify/key-lookup.js";

type Zone = Readonly<Record<string, string | readonly string[] | "server_failure">>;

/** By the domain: the TXT records at _dmarc below it. */
function lookupIn(zone: Zone): TxtLookup {
  return async (name) => {
    const domain = name.replace(/^_dmarc\./, "");
    const records = zone[domain];
    if (records === "server_failure") return { outcome: "server_failure", texts: [], problem: null };
    return records === undefined ? { outcome: "no_such_name", texts: [], problem: null } : { outcome: "found", texts: [records].flat(), problem: null };
  };
}

describe("the tree walk (RFC 9989, 4.10)", () => {
  test("a long name is queried whole, then from its last seven labels, in eight queries", () => {
    expect(walkNames("a.b.c.d.e.f.g.h.i.j.mail.example.com")).toEqual([
      "a.b.c.d.e.f.g.h.i.j.mail.example.com",
      "g.h.i.j.mail.example.com",
      "h.i.j.mail.example.com",
      "i.j.mail.example.com",
      "j.mail.example.com",
      "mail.example.com",
      "example.com",
      "com",
    ]);
    expect(walkNames("a.mail.example.com")).toEqual(["a.mail.example.com", "mail.example.com", "example.com", "com"]);
  });

  test.each<[string, string, Zone, string]>([
    ["the record with the fewest labels", "a.mail.example.org", { "mail.example.org": "v=DMARC1; p=none", "example.org": "v=DMARC1; p=reject" }, "example.org"],
    ["psd=n ends the walk", "a.mail.example.org", { "mail.example.org": "v=DMARC1; p=none; psd=n", "example.org": "v=DMARC1; p=reject" }, "mail.example.org"],
    ["one label below psd=y, though it has no record", "mail.example.gov", { gov: "v=DMARC1; p=reject; psd=y" }, "example.gov"],
    ["psd=y where the walk began is no suffix above it", "gov", { gov: "v=DMARC1; p=reject; psd=y" }, "gov"],
    ["no record: the domain itself", "a.example.org", {}, "a.example.org"],
    ["two records count as none", "a.example.org", { "example.org": ["v=DMARC1; p=none", "v=DMARC1; p=reject"] }, "a.example.org"],
    ["what is no DMARC record is passed over", "a.example.org", { "example.org": ["v=spf1 -all", "v=DMARC1; p=reject"] }, "example.org"],
    ["one label below psd=y that the walk skipped", "a.b.c.d.e.f.g.h.example.x.gov", { gov: "v=DMARC1; p=none; psd=y" }, "x.gov"],
  ])("%s", async (_name, start, zone, expected) => {
    expect(organizationalDomain(start, await walkTree(start, lookupIn(zone)))).toBe(expected);
  });
});

describe("records (RFC 9989, 4.7)", () => {
  test.each([
    ["v=DMARC1; p=none", true],
    ["v=DMARC1", true],
    ["v = DMARC1 ;p=none", true],
    ["v=dmarc1; p=none", false],
    [" v=DMARC1; p=none", false],
    ["p=none; v=DMARC1", false],
    ["v=DMARC10; p=none", false],
  ])("%j counts as one: %s", (text, counts) => {
    expect(isDmarcRecord(text)).toBe(counts);
  });

  test.each([
    ["v=DMARC1; p=reject", "reject", "reject", "reject"],
    ["v=DMARC1; p=reject; sp=none", "reject", "none", "none"],
    ["v=DMARC1; p=none; np=reject", "none", "none", "reject"],
    ["v=DMARC1; p=QUARANTINE", "quarantine", "quarantine", "quarantine"],
    // 4.10.1: without a usable policy, reports decide whether there is DMARC at all.
    ["v=DMARC1; rua=mailto:a@example.org", "none", "none", "none"],
    ["v=DMARC1; p=maybe; rua=mailto:a@example.org", "none", "none", "none"],
    ["v=DMARC1; p=reject; sp=maybe; rua=mailto:a@example.org", "none", "none", "none"],
    ["v=DMARC1; sp=reject", null, "none", "none"],
    ["v=DMARC1; p=maybe; rua=ftp://example.org", null, "none", "none"],
  ])("%s: p=%s, sp=%s, np=%s", (text, p, sp, np) => {
    expect(readDmarcRecord(text)).toMatchObject({ policy: p, subdomain_policy: sp, non_existent_policy: np });
  });
});

describe("the verdict on a message", () => {
  const evaluate = (author: string, zone: Zone, authenticated: readonly { method: "spf" | "dkim"; domain: string }[] = [], isThere: boolean | null = true) =>
    evaluateDmarc({ authorDomains: [author], authenticated, lookup: lookupIn(zone), exists: async () => isThere });
  const ORG: Zone = { "example.org": "v=DMARC1; p=reject; sp=quarantine; np=reject" };

  test.each<[string, string, Zone, "spf" | "dkim", string, string]>([
    ["the same domain", "example.org", ORG, "dkim", "example.org", "pass"],
    ["a domain below, relaxed", "example.org", ORG, "spf", "bounces.example.org", "pass"],
    ["a domain above, relaxed", "news.example.org", ORG, "dkim", "example.org", "pass"],
    ["a sibling, relaxed", "news.example.org", ORG, "dkim", "mail.example.org", "pass"],
    ["another domain", "example.org", ORG, "dkim", "example.net", "fail"],
    ["a name that only ends alike", "example.org", ORG, "dkim", "badexample.org", "fail"],
    ["a domain below, strict", "example.org", { "example.org": "v=DMARC1; p=reject; adkim=s" }, "dkim", "mail.example.org", "fail"],
    ["the same domain, strict", "example.org", { "example.org": "v=DMARC1; p=reject; adkim=s" }, "dkim", "example.org", "pass"],
    ["strict for DKIM only", "example.org", { "example.org": "v=DMARC1; p=reject; adkim=s" }, "spf", "mail.example.org", "pass"],
    [
      "an organizational domain of its own below",
      "example.org",
      { ...ORG, "kunde.example.org": "v=DMARC1; p=none; psd=n" },
      "dkim",
      "kunde.example.org",
      "fail",
    ],
  ])("%s", async (_name, author, zone, method, domain, result) => {
    expect(await evaluate(author, zone, [{ method, domain }])).toMatchObject({ result });
  });

  test("sp for a domain below, np for one that does not exist, and p for the domain itself", async () => {
    expect(await evaluate("example.org", ORG)).toMatchObject({ policy: "reject", policy_domain: "example.org" });
    expect(await evaluate("news.example.org", ORG)).toMatchObject({ policy: "quarantine", policy_domain: "example.org" });
    expect(await evaluate("news.example.org", ORG, [], false)).toMatchObject({ policy: "reject" });
    expect(await evaluate("news.example.org", ORG, [], null)).toMatchObject({ result: "temperror" });
  });

  test("t=y asks for one policy less", async () => {
    expect(await evaluate("example.org", { "example.org": "v=DMARC1; p=reject; t=y" })).toMatchObject({
      result: "fail",
      policy: "quarantine",
      published_policy: "reject",
    });
    expect(await evaluate("example.org", { "example.org": "v=DMARC1; p=quarantine; t=y" })).toMatchObject({ policy: "none" });
  });

  test("the public suffix's record serves where there is no other", async () => {
    const zone: Zone = { gov: "v=DMARC1; p=none; sp=reject; psd=y" };
    expect(await evaluate("mail.example.gov", zone, [{ method: "dkim", domain: "example.gov" }])).toMatchObject({
      result: "pass",
      policy_domain: "gov",
      policy: "reject",
      organizational_domain: "example.gov",
    });
    expect(await evaluate("mail.example.gov", zone, [{ method: "dkim", domain: "other.gov" }])).toMatchObject({ result: "fail" });
  });

  test("without a record, or with one without a policy and reports, the result is none", async () => {
    expect(await evaluate("example.org", {})).toMatchObject({ result: "none", policy: null, record: null });
    expect(await evaluate("example.org", { "example.org": "v=DMARC1; sp=reject" })).toMatchObject({ result: "none", policy: null });
  });

  test("a name server that does not answer is a temperror, never a failure", async () => {
    expect(await evaluate("example.org", { "example.org": "server_failure" })).toMatchObject({ result: "temperror", policy: null });
  });

  test.each<[string, NonNullable<Parameters<typeof evaluateDmarc>[0]["undecided"]>, string]>([
    ["SPF of an aligned domain got no answer", [{ method: "spf", domain: "bounces.example.org", why: "temperror" }], "temperror"],
    ["DKIM of an aligned domain got no answer", [{ method: "dkim", domain: "example.org", why: "temperror" }], "temperror"],
    ["DKIM of another domain got no answer", [{ method: "dkim", domain: "example.net", why: "temperror" }], "fail"],
    ["the connecting address is not known, the sender is aligned", [{ method: "spf", domain: "example.org", why: "unknown" }], "unknown"],
    ["the connecting address is not known, the sender is another domain", [{ method: "spf", domain: "example.net", why: "unknown" }], "fail"],
    ["neither the address nor the sender is known", [{ method: "spf", domain: null, why: "unknown" }], "unknown"],
  ])("%s: %s is %s", async (_title, undecided, result) => {
    const question = { authorDomains: ["example.org"], authenticated: [], lookup: lookupIn(ORG), exists: async () => true };
    expect(await evaluateDmarc({ ...question, undecided })).toMatchObject({ result, policy: "reject" });
  });

  test("what is aligned passes, though another method got no answer, or whether the name exists is not known", async () => {
    const passed = { authorDomains: ["new.example.org"], authenticated: [{ method: "dkim", domain: "new.example.org" }] } as const;
    const undecided = [{ method: "spf", domain: "new.example.org", why: "temperror" }] as const;
    expect(await evaluateDmarc({ ...passed, undecided, lookup: lookupIn(ORG), exists: async () => null })).toMatchObject({ result: "pass", policy: null });
  });

  test("no author domain, or several, cannot be judged", async () => {
    const nothing = { authenticated: [], lookup: lookupIn(ORG), exists: async () => true };
    expect(await evaluateDmarc({ ...nothing, authorDomains: [] })).toMatchObject({ result: "permerror" });
    expect(await evaluateDmarc({ ...nothing, authorDomains: ["example.org", "example.net"] })).toMatchObject({ result: "permerror" });
  });
});
