import { describe, expect, test } from "vitest";
import { examineSpf } from "../../../runner/posture/spf/examine.js";
import { judgeSpf } from "../../../runner/posture/spf/judge.js";
import { casesIn, expectChecks, questionsIn } from "./labelled-cases.js";

interface Input {
  readonly domain: string;
  readonly sends: boolean;
}

describe("SPF of a domain, labelled from RFC 7208", () => {
  test.each(casesIn<Input, { readonly lookups?: number; readonly reach?: number }>("spf"))("$name", async ({ records, input, expect: expected }) => {
    const facts = await examineSpf(input.domain, questionsIn(records));
    if (expected.lookups !== undefined) expect(facts.lookups).toBe(expected.lookups);
    const checks = judgeSpf(facts, { sends: input.sends, evidence: [] });
    const reach = checks.find(({ id }) => id === "spf.reach")?.message;
    if (expected.reach !== undefined) expect(reach).toMatch(new RegExp(`^the record allows ${expected.reach} IPv4 address`));
    expectChecks(checks, expected.checks);
  });
});
