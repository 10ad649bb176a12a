import { describe, test } from "vitest";
import { type DkimKeyState, examineDkim } from "../../../runner/posture/dkim/examine.js";
import { judgeDkim } from "../../../runner/posture/dkim/judge.js";
import { casesIn, expectChecks, expectOneOf, type OneOf, questionsIn } from "./labelled-cases.js";

interface Input {
  readonly domain: string;
  readonly selectors?: readonly string[];
}

describe("DKIM keys, labelled from RFC 6376, 8301 and 8463", () => {
  test.each(casesIn<Input, { readonly state?: OneOf<DkimKeyState> }>("dkim-keys"))("$name", async ({ records, input, expect: expected }) => {
    const questions = questionsIn(records);
    const facts = await examineDkim(input.domain, { selectors: input.selectors ?? ["s1"], guess: false }, questions);
    expectOneOf(facts.keys[0]?.state as DkimKeyState, expected.state);
    expectChecks(judgeDkim(facts, { sends: null, evidenceOf: () => [] }), expected.checks);
  });
});
