import { describe, test } from "vitest";
import { type BimiRecord, examineBimi } from "../../../runner/posture/bimi/examine.js";
import { judgeBimi } from "../../../runner/posture/bimi/judge.js";
import { judgeSvg } from "../../../runner/posture/bimi/svg.js";
import { examineDmarc } from "../../../runner/posture/dmarc/examine.js";
import { casesIn, expectChecks, expectOneOf, type OneOf, questionsIn } from "./labelled-cases.js";

interface Input {
  readonly domain: string;
  readonly svg?: string;
}

interface Expected {
  readonly state?: OneOf<BimiRecord["state"]>;
  readonly location?: string;
  readonly evidence?: string;
  readonly avp?: string;
  readonly lps?: readonly string[];
  readonly svg?: { readonly tiny_ps?: "valid" | "invalid" };
}

const VALID = { TXT: ["v=BIMI1; l=https://www.example.org/logo.svg; a="] };

describe("BIMI, labelled from its drafts", () => {
  test.each(casesIn<Input, Expected>("bimi"))("$name", async ({ records, input, expect: expected }) => {
    const zone = input.svg === undefined ? records : { [`default._bimi.${input.domain}`]: VALID, ...records };
    const questions = questionsIn(zone);
    const dmarc = await examineDmarc(input.domain, questions);
    const body = Buffer.from(input.svg ?? "");
    const fetchFile = async () => ({ kind: "response", status: 200, content_type: "image/svg+xml", location: null, body, is_cut: false }) as const;
    const facts = await examineBimi(
      input.domain,
      { selector: "default", fetchFile: input.svg === undefined ? null : fetchFile, now: new Date() },
      dmarc,
      questions,
    );
    expectOneOf(facts.record.state, expected.state);
    for (const field of ["location", "evidence", "avp"] as const) expectOneOf<string | null>(facts.record[field], expected[field]);
    expectOneOf<readonly string[]>(facts.record.lps, expected.lps);
    if (input.svg !== undefined) expectOneOf(judgeSvg(body).is_tiny_ps ? "valid" : "invalid", expected.svg?.tiny_ps);
    expectChecks(judgeBimi(facts, dmarc, []), expected.checks);
  });
});
