import { describe, expect, test } from "vitest";
import { mailHostsOf } from "../../../runner/posture/mail-hosts.js";
import { judgeMx } from "../../../runner/posture/mx/judge.js";
import type { MailRouteKind } from "../../../schemas/mx.js";
import { casesIn, expectChecks, expectOneOf, type OneOf, questionsIn } from "./labelled-cases.js";

interface Input {
  readonly domain: string;
  readonly receives: boolean;
  readonly sends: boolean;
}

describe("MX records, labelled from RFC 5321 and RFC 7505", () => {
  test.each(casesIn<Input, { readonly kind?: OneOf<MailRouteKind> }>("mx"))("$name", async ({ records, input, expect: expected }) => {
    const { route } = await mailHostsOf(input.domain, questionsIn(records), { allowPrivate: false });
    expectOneOf(route.kind, expected.kind);
    expectChecks(judgeMx(route, { ...input, evidence: [] }), expected.checks);
  });
});

test("a domain that does not exist is an error, whether mail was expected there or not", async () => {
  const { route } = await mailHostsOf("typo.example", questionsIn({}), { allowPrivate: false });
  for (const receives of [true, false, null]) {
    const [record] = judgeMx(route, { receives, sends: false, evidence: [] });
    expect(record).toMatchObject({ id: "mx.record", verdict: "error", message: "typo.example does not exist: check its spelling" });
  }
});
