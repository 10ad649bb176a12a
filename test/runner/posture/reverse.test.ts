import { describe, test } from "vitest";
import { examineReverse } from "../../../runner/posture/reverse/examine.js";
import { judgeReverse } from "../../../runner/posture/reverse/judge.js";
import { casesIn, expectChecks, questionsIn } from "./labelled-cases.js";

interface Input {
  readonly address: string;
  readonly is_sender: boolean;
  readonly helo_name: string | null;
  readonly domain: string | null;
}

describe("names of addresses that send, labelled from RFC 1912 and RFC 5321", () => {
  test.each(casesIn<Input, unknown>("reverse"))("$name", async ({ records, input, expect: expected }) => {
    const facts = await examineReverse({ address: input.address, heloName: input.helo_name, domain: input.domain }, questionsIn(records));
    expectChecks(judgeReverse(facts, { isSender: input.is_sender, hasDkim: null, evidence: [] }), expected.checks);
  });
});
