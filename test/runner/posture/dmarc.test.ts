import { describe, expect, test } from "vitest";
import { type AuthenticatedDomain, type DmarcVerdict, evaluateDmarc } from "../../../runner/mail/dmarc/evaluate.js";
import { isCertain } from "../../../runner/net/dns/answer.js";
import { examineDmarc, type ReportHost } from "../../../runner/posture/dmarc/examine.js";
import { judgeDmarc } from "../../../runner/posture/dmarc/judge.js";
import { casesIn, expectChecks, questionsIn } from "./labelled-cases.js";

interface Input {
  readonly domain: string;
  readonly authenticated?: readonly AuthenticatedDomain[];
}

interface Expected {
  readonly result?: DmarcVerdict["result"];
  readonly policy?: DmarcVerdict["policy"];
  readonly published_policy?: DmarcVerdict["policy"];
  readonly policy_domain?: string;
  readonly organizational_domain?: string;
  readonly aligned?: readonly string[];
  readonly queries?: readonly string[];
  readonly report_hosts?: readonly ReportHost[];
}

describe("DMARC, labelled from RFC 9989 and RFC 9990", () => {
  test.each(casesIn<Input, Expected>("dmarc"))("$name", async ({ records, input: { domain, authenticated = [] }, expect: expected }) => {
    const questions = questionsIn(records);
    const verdict = await evaluateDmarc({
      authorDomains: [domain],
      authenticated,
      lookup: async (name) => ({ outcome: (await questions.ask(name, "TXT")).outcome, texts: await questions.texts(name), problem: null }),
      exists: async (name) => {
        const answer = await questions.ask(name, "A");
        return isCertain(answer) ? answer.outcome !== "no_such_name" : null;
      },
    });
    const { aligned, queries, report_hosts: hosts, checks, ...simple } = expected;
    expect(verdict).toMatchObject(simple);
    if (aligned !== undefined) expect(verdict.aligned.map((each) => `${each.method} ${each.domain}`)).toEqual(aligned);
    if (queries !== undefined) expect(verdict.walk.map((step) => step.domain)).toEqual(queries);
    const facts = await examineDmarc(domain, questionsIn(records));
    // A message that no domain has authenticated gets the same policy from both.
    if (simple.policy !== undefined && authenticated.length === 0) expect(facts.effective_policy).toBe(simple.policy);
    if (hosts !== undefined) expect(facts.report_hosts).toEqual(hosts);
    expectChecks(judgeDmarc(facts, { evidence: [], hasDkim: true, sends: true }), checks);
  });
});
