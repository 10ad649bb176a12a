import { describe, expect, test } from "vitest";
import { examineTlsReports, type TlsReportFacts } from "../../../runner/posture/tlsrpt/examine.js";
import { judgeTlsReports } from "../../../runner/posture/tlsrpt/judge.js";
import { casesIn, expectChecks, expectOneOf, type OneOf, questionsIn } from "./labelled-cases.js";

interface Expected {
  readonly state?: OneOf<TlsReportFacts["state"]>;
  readonly rua?: readonly string[];
}

describe("TLS reports, labelled from RFC 8460", () => {
  test.each(casesIn<{ domain: string; mtasts?: boolean; dane?: boolean }, Expected>("tlsrpt"))("$name", async ({ records, input, expect: expected }) => {
    const facts = await examineTlsReports(input.domain, questionsIn(records));
    expectOneOf(facts.state, expected.state);
    if (expected.rua !== undefined) expect(facts.rua).toEqual(expected.rua);
    const isNeeded = input.mtasts === true || input.dane === true;
    expectChecks(judgeTlsReports(facts, { evidence: [], isNeeded }), expected.checks);
  });
});
