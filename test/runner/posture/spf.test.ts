import { describe, expect, test } from "vitest";
import { examineSpf } from "../../../runner/posture/spf/examine.js";
import { judgeSpf } from "../../../runner/posture/spf/judge.js";
import { casesIn, expectChecks, questionsIn } from "./labelled-cases.js";

interface Input {
  readonly domain: string;
  readonly sends: boolean;
}

describe("SPF of a domain, labelled from RFC 7208", () => {
  test.each(casesIn<Input, { readonly lookups?: number }>("spf"))("$name", async ({ records, input, expect: expected }) => {
    const facts = await examineSpf(input.domain, questionsIn(records));
    if (expected.lookups !== undefined) expect(facts.lookups).toBe(expected.lookups);
    expectChecks(judgeSpf(facts, { sends: input.sends, evidence: [] }), expected.checks);
  });
});
