import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { changedAtAliases } from "../../../runner/posture/aliases.js";
import { changesOf, stepsOf } from "../../../runner/posture/changes.js";
import { advice, check } from "../../../runner/posture/check.js";
import { examineDkim } from "../../../runner/posture/dkim/examine.js";
import { judgeDkim } from "../../../runner/posture/dkim/judge.js";
import { examineDmarc } from "../../../runner/posture/dmarc/examine.js";
import { judgeDmarc } from "../../../runner/posture/dmarc/judge.js";
import { mailHostsOf } from "../../../runner/posture/mail-hosts.js";
import { examineSts } from "../../../runner/posture/mtasts/examine.js";
import { judgeSts } from "../../../runner/posture/mtasts/judge.js";
import { judgeMx } from "../../../runner/posture/mx/judge.js";
import { guessProfile } from "../../../runner/posture/profile.js";
import type { Questions } from "../../../runner/posture/questions.js";
import { examineSpf } from "../../../runner/posture/spf/examine.js";
import { judgeSpf } from "../../../runner/posture/spf/judge.js";
import { examineTlsReports } from "../../../runner/posture/tlsrpt/examine.js";
import { judgeTlsReports } from "../../../runner/posture/tlsrpt/judge.js";
import type { Check } from "../../../schemas/check.js";
import { questionsIn, type Zone } from "./labelled-cases.js";

const written = (checks: readonly Check[]): string[] => changesOf(checks).map(({ name, new: text }) => `${name} ${text}`);

/** Names with their TXT records. */
const textsAt = (records: Readonly<Record<string, readonly string[]>>) => Object.fromEntries(Object.entries(records).map(([name, TXT]) => [name, { TXT }]));

const dmarcOf = async (domain: string, records: Readonly<Record<string, readonly string[]>>): Promise<Check[]> =>
  judgeDmarc(await examineDmarc(domain, questionsIn(textsAt(records))), { evidence: [], hasDkim: true, sends: true });
const spfOf = async (text: string, sends: boolean | null): Promise<Check[]> =>
  judgeSpf(await examineSpf("own.example", questionsIn(textsAt({ "own.example": [text] }))), { sends, evidence: [] });
const reportsOf = async (text: string): Promise<Check[]> =>
  judgeTlsReports(await examineTlsReports("own.example", questionsIn(textsAt({ "_smtp._tls.own.example": [text] }))), { evidence: [], isNeeded: true });

describe("DMARC", () => {
  test("a subdomain without a policy changes only what is below its parent", async () => {
    const checks = await dmarcOf("sub.own.example", { "_dmarc.own.example": ["v=DMARC1; p=reject; sp=none; rua=mailto:r@own.example"] });
    expect(written(checks)).toEqual(["_dmarc.own.example v=DMARC1; p=reject; rua=mailto:r@own.example; sp=quarantine"]);
  });

  test("a parent in test mode is left alone", async () => {
    const checks = await dmarcOf("sub.own.example", { "_dmarc.own.example": ["v=DMARC1; p=quarantine; t=y; psd=n; rua=mailto:r@own.example"] });
    expect(written(checks)).toEqual(["_dmarc.sub.own.example v=DMARC1; p=quarantine; rua=mailto:r@own.example"]);
  });

  test("without reports, reports come first, to the address that was meant", async () => {
    expect(written(await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=none; adkim=s"] }))).toEqual([
      "_dmarc.own.example v=DMARC1; p=none; adkim=s; rua=mailto:dmarc@own.example",
    ]);
    const checks = await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=none; rua=d@own.example"] });
    expect(written(checks)).toEqual(["_dmarc.own.example v=DMARC1; p=none; rua=mailto:d@own.example"]);
    expect(checks.find(({ id }) => id === "dmarc.rua")?.message).toContain("rua=d@own.example: each address is a URI that begins with mailto:");
  });

  test("with reports, quarantine follows", async () => {
    expect(written(await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=none; rua=mailto:r@own.example"] }))).toEqual([
      "_dmarc.own.example v=DMARC1; p=quarantine; np=reject; rua=mailto:r@own.example",
    ]);
  });

  test("no third record is advised beside two", async () => {
    const checks = await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=reject", "v=DMARC1; p=none"] });
    expect(written(checks)).toEqual([]);
    expect(checks.map((each) => each.advice?.why)).toContain("Keep the one that you want, and remove the others.");
  });
});

describe("DMARC tags", () => {
  const worst = async (text: string) => {
    const zone = { "_dmarc.own.example": { TXT: [text] }, "own.example": { MX: [{ preference: 10, exchange: "mx.own.example" }] } };
    const checks = judgeDmarc(await examineDmarc("own.example", questionsIn(zone)), { evidence: [], hasDkim: true, sends: true });
    return checks
      .filter(({ id, verdict }) => (id === "dmarc.tags" || id === "dmarc.rua") && verdict !== "pass")
      .map(({ verdict, message }) => `${verdict}: ${message}`);
  };

  test.each([
    ["v=DMARC1; p=reject; rua=mailto:r@own.example; p=none", /^warning: p stands more than once/],
    ["v=DMARC1; p=reject; rua=mailto:r@own.example; adkim=x; fo=9", /^notice: .* adkim=x, fo=9$/],
    ["v=DMARC1; p=reject; rua=mailto:r@own.example; psd=y", /^notice: psd=y /],
    ["v=DMARC1; p=reject; rua=mailto:<r@own.example>,mailto:r@own.example", /^warning: no reports can be sent to mailto:<r@own\.example>$/],
    ["v=DMARC1; p=reject; rua=mailto:r@@own.example,mailto:r@own.example", /^warning: no reports can be sent to mailto:r@@own\.example$/],
  ])("%s", async (text, expected) => {
    expect(await worst(text)).toEqual([expect.stringMatching(expected)]);
  });

  test("what is right is not complained of", async () => {
    expect(await worst("v=DMARC1; p=reject; adkim=S; aspf=r; fo=1:d:s; t=n; psd=n; rua=mailto:r@own.example!10m,https://own.example/r")).toEqual([]);
  });

  test("an address behind a missing semicolon is kept", async () => {
    expect(written(await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=reject rua=mailto:r@own.example"] }))).toEqual([
      "_dmarc.own.example v=DMARC1; p=none; rua=mailto:r@own.example",
    ]);
  });
});

describe("DMARC records that do not count, or not as they are meant", () => {
  test("one fault is one error", async () => {
    for (const texts of [["v=DMARC1; p=reject", "v=DMARC1; p=none"], ["v=DMARC1: p=reject; rua=mailto:r@own.example"]]) {
      const checks = await dmarcOf("own.example", { "_dmarc.own.example": texts });
      expect(checks.filter(({ verdict }) => verdict === "error")).toHaveLength(1);
    }
  });

  test("the address of a record that does not count is kept", async () => {
    for (const text of [
      "v=DMARC1: p=reject; rua=mailto:r@own.example",
      " v=DMARC1; p=reject; rua=r@own.example",
      "p=reject; v=DMARC1; rua=mailto:r@own.example",
    ])
      expect(written(await dmarcOf("own.example", { "_dmarc.own.example": [text] }))).toEqual([
        "_dmarc.own.example v=DMARC1; p=none; rua=mailto:r@own.example",
      ]);
  });

  test("a record without a policy and without reports is given both", async () => {
    expect(written(await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; adkim=s"] }))).toEqual([
      "_dmarc.own.example v=DMARC1; p=none; adkim=s; rua=mailto:dmarc@own.example",
    ]);
  });

  test("a misspelled policy is not copied into the corrected record", async () => {
    expect(written(await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=quarantine; sp=rejct; rua=mailto:r@own.example"] }))).toEqual([
      "_dmarc.own.example v=DMARC1; p=quarantine; np=reject; rua=mailto:r@own.example",
    ]);
  });

  test("a weaker policy for subdomains is taken out", async () => {
    const text = "v=DMARC1; p=reject; sp=none; np=none; adkim=s; rua=mailto:r@own.example";
    expect(written(await dmarcOf("own.example", { "_dmarc.own.example": [text] }))).toEqual([
      "_dmarc.own.example v=DMARC1; p=reject; adkim=s; rua=mailto:r@own.example; np=reject",
    ]);
  });

  test("reports are added to a policy that has none", async () => {
    expect(written(await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=reject; np=reject"] }))).toEqual([
      "_dmarc.own.example v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@own.example",
    ]);
  });
});

describe("SPF records of which none counts", () => {
  const severalOf = async (texts: readonly string[], sends: boolean | null = true): Promise<Check[]> =>
    judgeSpf(await examineSpf("own.example", questionsIn(textsAt({ "own.example": texts }))), { sends, evidence: [] });
  const changed = (checks: readonly Check[]) => changesOf(checks).map(({ old, new: text }) => [old, text]);

  test("are merged (RFC 7208, 3.2), and what either allows stays allowed", async () => {
    const [one, other] = ["v=spf1 include:a.example mx -all", "v=spf1 ip4:192.0.2.1 mx ~all"];
    expect(changed(await severalOf([one, other]))).toEqual([
      [one, "v=spf1 include:a.example mx ip4:192.0.2.1 ~all"],
      [other, null],
    ]);
  });

  test.each([
    [["v=spf1 mx +all", "v=spf1 a -all"], "v=spf1 mx a ~all"],
    [["v=spf1 -all", "v=spf1 mx -all"], "v=spf1 mx -all"],
    [["v=spf1 -all mx", "v=spf1 a -all"], "v=spf1 a -all"],
    [["v=spf1 -all", "v=spf1 ~all"], "v=spf1 mx ~all"],
    [["V=SPF1 A:Own.example", "v=spf1 a:own.example -all"], "v=spf1 A:Own.example ~all"],
  ])("%j become %s", async (texts, merged) => {
    expect(changed(await severalOf(texts))[0]?.[1]).toBe(merged);
  });

  test("of a domain that sends no mail refuse all", async () => {
    expect(changed(await severalOf(["v=spf1 -all", "v=spf1 ~all"], false))[0]?.[1]).toBe("v=spf1 -all");
  });

  test.each([
    ["v=spf1 redirect=a.example", "v=spf1 mx -all"],
    ["v=spf1 ipv4:192.0.2.1 -all", "v=spf1 mx -all"],
    ["v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/24 -all", "v=spf1 mx -all"],
  ])("%s beside %s is left to their owner", async (...texts) => {
    const checks = await severalOf(texts);
    expect(changed(checks)).toEqual([]);
    expect(checks[0]?.advice?.why).toContain("merge");
  });
});

describe("SPF records that cannot be read", () => {
  const fixedOf = async (text: string) => changesOf(await spfOf(text, true)).map(({ old, new: fixed }) => [old, fixed]);

  test.each([
    ["v=spf1;mx;-all", "v=spf1 mx -all"],
    ["v=spf1;include:_spf.a.example;~all", "v=spf1 include:_spf.a.example ~all"],
    ["spf1 mx -all", "v=spf1 mx -all"],
    [" v=spf1 mx -all", "v=spf1 mx -all"],
    ['"v=spf1 a -all"', "v=spf1 a -all"],
    ["v=spf1\tmx\t-all", "v=spf1 mx -all"],
    ["v = spf1 mx -all", "v=spf1 mx -all"],
    ["v=spf10 mx -all", "v=spf1 mx -all"],
    ["v=spf1;mx;+all", "v=spf1 mx ~all"],
    ["v=spf1 mx -all;", "v=spf1 mx -all"],
    ["v=spf1 ip4: 192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 -all"],
    ["v=spf1 ip4:192.0.2.1,192.0.2.2/31 -all", "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2/31 -all"],
    ["v=spf1 mx - all", "v=spf1 mx -all"],
    ["v=spf1 ipv4:192.0.2.1 IPv6:2001:db8::1 -all", "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"],
    ["v=spf1 ?ip:192.0.2.1 a:192.0.2.2 mx:192.0.2.4/30 -all", "v=spf1 ?ip4:192.0.2.1 ip4:192.0.2.2 ip4:192.0.2.4/30 -all"],
    ["v=spf1 mx redirect:_spf.a.example", "v=spf1 mx redirect=_spf.a.example"],
  ])("%s becomes %s", async (text, fixed) => {
    expect(await fixedOf(text)).toEqual([[text, fixed]]);
  });

  test.each([
    "v=spf1 mx -al",
    "v=spf1 ip4:300.1.1.1 -all",
    "v=spf1 ip4:192.0.2.1/33 -all",
    "v=spf1 mx exp=a.example exp=b.example -all",
    "v=spf1;-allv=DMARC1; p=reject",
  ])("what %s means is left to its owner", async (text) => expect(await fixedOf(text)).toEqual([]));

  test("an equals sign in place of a colon is a warning: receivers ignore the term", async () => {
    const records = { "own.example": ["v=spf1 include=a.example mx -all"], "a.example": ["v=spf1 ip4:192.0.2.1 -all"] };
    const facts = await examineSpf("own.example", questionsIn(textsAt(records)));
    const checks = judgeSpf(facts, { sends: true, evidence: [] });
    expect(checks.find(({ id, verdict }) => id === "spf.syntax" && verdict === "warning")?.message).toContain("include=a.example");
    expect(written(checks)).toContain("own.example v=spf1 include:a.example mx -all");
  });

  test("a domain whose only server is behind such a term is not taken for one that sends nothing", async () => {
    const zone = textsAt({ "own.example": ["v=spf1 include=a.example -all"] });
    const { route } = await mailHostsOf("own.example", questionsIn(zone), { allowPrivate: true });
    expect(guessProfile({ ...route, kind: "mx" }, await examineSpf("own.example", questionsIn(zone)))).toBe("both");
  });

  test("a record without any term is not ended in what refuses all mail", async () => {
    expect(await fixedOf("v=spf1")).toEqual([["v=spf1", "v=spf1 mx ~all"]]);
  });
});

describe("empty answers that only a stranger causes", () => {
  test("do not count: a client of the domain has an answer to them", async () => {
    const zone = { "own.example": { TXT: ["v=spf1 exists:%{i}._spf.%{d} exists:%{ir}.%{v}._spf.own.example exists:%{l}._user.own.example ptr -all"] } };
    const facts = await examineSpf("own.example", questionsIn(zone));
    expect(facts.empty).toEqual({ ipv4: [], ipv6: [] });
  });
});

describe("SPF terms that lead to hosts of IPv4 only", () => {
  test.each([
    ["v=spf1 a:h1.example -all", []],
    ["v=spf1 a:h1.example a:h2.example a:h3.example -all", ["spf.void"]],
    ["v=spf1 a:gone.example -all", ["spf.void"]],
  ])("%s: up to two of them need no advice", async (text, steps) => {
    const hosts = Object.fromEntries(["h1", "h2", "h3"].map((name) => [`${name}.example`, { A: ["192.0.2.1"] }]));
    const facts = await examineSpf("own.example", questionsIn({ "own.example": { TXT: [text] }, ...hosts }));
    const checks = judgeSpf(facts, { sends: true, evidence: [] });
    expect(checks.find(({ id }) => id === "spf.void")?.verdict).not.toBe("pass");
    expect(stepsOf(checks).map(({ check: id }) => id)).toEqual(steps);
  });
});

describe("SPF terms that lead nowhere", () => {
  test("are taken out", async () => {
    const records = { "own.example": ["v=spf1 mx include:gone.example ?include:gone.example -all"] };
    const checks = judgeSpf(await examineSpf("own.example", questionsIn(textsAt(records))), { sends: true, evidence: [] });
    expect(changesOf(checks)).toMatchObject([{ check: "spf.include", new: "v=spf1 mx -all", risk: expect.stringContaining("send") }]);
  });

  test("stay where the record would refuse all mail without them, or where they are not the domain's own", async () => {
    const records = { "own.example": ["v=spf1 include:gone.example -all"], "a.example": ["v=spf1 include:gone.example -all"] };
    const own = judgeSpf(await examineSpf("own.example", questionsIn(textsAt(records))), { sends: true, evidence: [] });
    expect(written(own)).toEqual([]);
    const below = judgeSpf(await examineSpf("b.example", questionsIn(textsAt({ ...records, "b.example": ["v=spf1 mx include:a.example -all"] }))), {
      sends: true,
      evidence: [],
    });
    expect(below.find(({ id }) => id === "spf.include")?.verdict).toBe("error");
    expect(written(below)).toEqual([]);
  });
});

describe("MTA-STS", () => {
  const stsOf = async (...texts: readonly string[]): Promise<Check[]> => {
    const question = { hosts: null, policyPort: 443, fetchPolicy: () => Promise.reject(new Error("no policy is fetched")) };
    return judgeSts(await examineSts("own.example", question, questionsIn(textsAt({ "_mta-sts.own.example": texts }))), { evidence: [], receives: true });
  };

  test.each([
    ["v=STSv1; id=2026-01-01T00:00:00;", "2026-01-01T00:00:00", "v=STSv1; id=20260101T000000;"],
    ["v=STSv1; id=a_b", "a_b", "v=STSv1; id=ab;"],
    [`v=STSv1; id=${"1".repeat(33)}`, "33 characters", `v=STSv1; id=${"1".repeat(32)};`],
    ["v=STSv1; id=;", "empty", "v=STSv1; id=1;"],
    ["v=STSv1;", "no id", "v=STSv1; id=1;"],
    ["v=STSv1; id=7, mode=testing", "syntax", "v=STSv1; id=7;"],
    ["v=stsv1; id=2026", "does not begin", "v=STSv1; id=2026;"],
    [" v=STSv1; id=2026", "does not begin", "v=STSv1; id=2026;"],
  ])("%s: what is wrong is said, and the id is kept", async (text, said, fixed) => {
    const checks = await stsOf(text);
    expect(checks[0]).toMatchObject({ id: "mtasts.record", verdict: "error", message: expect.stringContaining(said) });
    if (said !== "no id") expect(checks[0]?.message).not.toContain("no id");
    expect(changesOf(checks)).toMatchObject([{ old: text, new: fixed }]);
  });

  test("of two records one is removed, whose id is not the valid one", async () => {
    expect(changesOf(await stsOf("v=STSv1; id=1", "v=STSv1; id=2"))).toMatchObject([{ old: "v=STSv1; id=2", new: null }]);
    expect(changesOf(await stsOf("v=STSv1; id=a-1", "v=STSv1; id=2"))).toMatchObject([{ old: "v=STSv1; id=a-1", new: null }]);
  });
});

describe("mail hosts", () => {
  const mxOf = async (zone: Zone): Promise<Check[]> => {
    const { route } = await mailHostsOf("own.example", questionsIn(zone), { allowPrivate: true });
    return judgeMx(route, { receives: true, sends: true, evidence: [] });
  };

  test("an alias is replaced by the host that it leads to", async () => {
    const MX = [{ preference: 10, exchange: "mail.own.example" }];
    const host = { "own.example": { MX }, "mail.own.example": { CNAME: "host.other.example" } };
    expect(changesOf(await mxOf({ ...host, "host.other.example": { A: ["192.0.2.1"] } }))).toMatchObject([
      { name: "own.example", type: "MX", old: "10 mail.own.example.", new: "10 host.other.example.", risk: expect.stringContaining("certificate") },
    ]);
    expect(changesOf(await mxOf(host))).toEqual([]);
  });
});

describe("names that are aliases", () => {
  const changesAt = async (zone: Zone, examine: (questions: Questions) => Promise<Check[]>) => {
    const questions = questionsIn(zone);
    return changesOf(changedAtAliases(await examine(questions), questions));
  };
  const dmarc = async (questions: Questions): Promise<Check[]> =>
    judgeDmarc(await examineDmarc("own.example", questions), { evidence: [], hasDkim: true, sends: true });
  const spf = async (questions: Questions): Promise<Check[]> => judgeSpf(await examineSpf("own.example", questions), { sends: true, evidence: [] });

  test("a record is changed where it is", async () => {
    const zone = { "_dmarc.own.example": { CNAME: "own.host.example" }, "own.host.example": { TXT: ["v=DMARC1; p=none; rua=mailto:r@own.example"] } };
    expect(await changesAt(zone, dmarc)).toMatchObject([
      {
        name: "own.host.example",
        new: expect.stringContaining("p=quarantine"),
        risk: expect.stringContaining("_dmarc.own.example is an alias of own.host.example"),
      },
    ]);
  });

  test("an alias of a name without such a record has it added there", async () => {
    expect(await changesAt({ "own.example": { CNAME: "host.example" }, "host.example": { A: ["192.0.2.1"] } }, spf)).toMatchObject([
      { name: "host.example", type: "TXT", old: null, new: "v=spf1 mx -all" },
    ]);
  });

  test("an alias that leads to no name is removed before a record is added", async () => {
    const zone = { "_dmarc.own.example": { CNAME: "gone.host.example" }, "own.example": { A: ["192.0.2.1"] } };
    expect(await changesAt(zone, dmarc)).toMatchObject([
      { name: "_dmarc.own.example", type: "CNAME", old: "gone.host.example.", new: null },
      { name: "_dmarc.own.example", type: "TXT", old: null, new: expect.stringContaining("p=none") },
    ]);
  });
});

describe("DKIM keys", () => {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = String(publicKey.export({ type: "spki", format: "pem" })).replace(/\n/g, "");
  const p = (publicKey.export({ type: "spki", format: "der" }) as Buffer).toString("base64");
  const fixedOf = async (...texts: readonly string[]) => {
    const questions = questionsIn({ "s1._domainkey.own.example": { TXT: texts } });
    const checks = judgeDkim(await examineDkim("own.example", { selectors: ["s1"], guess: false }, questions), { sends: true, evidenceOf: () => [] });
    return changesOf(checks).map(({ new: fixed }) => fixed);
  };

  test.each([
    [`k=rsa; v=DKIM1; p=${p}`, `v=DKIM1; k=rsa; p=${p}`],
    [`v=DKIM1; h=sha1; p=${p}`, `v=DKIM1; p=${p}`],
    [`v=DKIM1; s=other; n=note; p=${p}`, `v=DKIM1; n=note; p=${p}`],
    [`v=DKIM1; t=y:s; p=${p}`, `v=DKIM1; t=s; p=${p}`],
    [pem, `v=DKIM1; k=rsa; p=${p}`],
    [`v=DKIM1; k=rsa; p=${pem}`, `v=DKIM1; k=rsa; p=${p}`],
  ])("what stands in the way is taken out: %.30s", async (text, fixed) => {
    expect(await fixedOf(text)).toEqual([fixed]);
  });

  test("a key that is cut, and a choice among several, are left to their owner", async () => {
    expect(await fixedOf(`v=DKIM1; p=${p.slice(0, 200)}`)).toEqual([]);
    expect(await fixedOf(`v=DKIM1; p=${p}`, `v=DKIM1; h=sha1; p=${p}`)).toEqual([]);
  });
});

describe("what is most urgent", () => {
  const rule = (id: string) => ({ id, area: "receiving", spec: null }) as const;
  const change = { name: "own.example", type: "TXT", old: null, new: "v" };

  test("an error comes first, whether or not it has a record to copy, and a notice last", () => {
    const checks = [
      check(rule("tlsrpt.record"), "notice", "no reports", { advice: advice("Ask for reports.", [change]) }),
      check(rule("dmarc.policy"), "warning", "watches", { advice: advice("Ask for quarantine.", [{ ...change, name: "_dmarc.own.example" }]) }),
      check(rule("spf.lookups"), "error", "eleven", { advice: advice("Remove what no longer sends.") }),
      check(rule("spf.size"), "notice", "long", { advice: advice("Tidy up.") }),
      check(rule("dkim.record"), "unknown", "no key", { advice: advice("Give the selectors.") }),
    ];
    expect(stepsOf(checks).map(({ check: id, record }) => [id, record?.name ?? null])).toEqual([
      ["spf.lookups", null],
      ["dmarc.policy", "_dmarc.own.example"],
      ["tlsrpt.record", "own.example"],
    ]);
    expect(changesOf(checks).map(({ check: id }) => id)).toEqual(["dmarc.policy", "tlsrpt.record"]);
  });
});

describe("SPF that allows every address", () => {
  test("a record that names no server names the mail hosts before it refuses the rest", async () => {
    const checks = await spfOf("v=spf1 +all", true);
    expect(written(checks)).toEqual(["own.example v=spf1 mx -all"]);
    expect(changesOf(checks)[0]?.risk).toContain("fail SPF");
    expect(written(await spfOf("v=spf1 +all", null))).toEqual(["own.example v=spf1 mx -all"]);
  });

  test("one that names servers, or sends no mail, refuses the rest", async () => {
    expect(written(await spfOf("v=spf1 ip4:192.0.2.1 all", true))).toEqual(["own.example v=spf1 ip4:192.0.2.1 -all"]);
    expect(written(await spfOf("v=spf1 include:all.example all", true))).toContain("own.example v=spf1 include:all.example -all");
    expect(written(await spfOf("v=spf1 +all", false))).toEqual(["own.example v=spf1 -all"]);
  });
});

describe("TLS reports", () => {
  test.each(["v=TLSRPTv1; rua=tls@own.example", "v=TLSRPTv1 rua=mailto:tls@own.example", "v=tlsrptv1; rua=mailto:tls@own.example"])(
    "%s keeps its address",
    async (text) => expect(written(await reportsOf(text))).toEqual(["_smtp._tls.own.example v=TLSRPTv1; rua=mailto:tls@own.example"]),
  );

  test("what is no address is not kept", async () => {
    expect(written(await reportsOf("v=TLSRPTv1; rua=a@b@c"))).toEqual(["_smtp._tls.own.example v=TLSRPTv1; rua=mailto:tlsrpt@own.example"]);
  });
});
