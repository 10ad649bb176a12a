import { describe, test } from "vitest";
import type { Fetched } from "../../../runner/posture/fetch.js";
import { examineSts, type StsFacts } from "../../../runner/posture/mtasts/examine.js";
import { judgeSts } from "../../../runner/posture/mtasts/judge.js";
import { failure } from "../../../schemas/failure.js";
import { casesIn, expectChecks, expectOneOf, type OneOf, questionsIn } from "./labelled-cases.js";

interface Input {
  readonly domain: string;
  readonly mx: readonly string[];
  readonly policy: { readonly status?: number; readonly content_type?: string; readonly body?: string; readonly location?: string; readonly error?: string };
}

interface Expected {
  readonly record?: OneOf<StsFacts["record"]["state"]>;
  readonly policy?: OneOf<NonNullable<StsFacts["policy"]>["state"] | null>;
  readonly mode?: OneOf<string | null>;
  readonly max_age?: number | null;
}

const FAILURES: Readonly<Record<string, Fetched>> = {
  timeout: { kind: "failed", failure: failure("connect", "timeout", "no answer in time") },
  refused: { kind: "failed", failure: failure("connect", "refused", "connection refused") },
  "no address": { kind: "failed", failure: failure("resolve", "dns_not_found", "no such name") },
  certificate: { kind: "failed", failure: failure("tls", "tls_certificate", "the certificate is not trusted") },
};

function fetchedOf({ error, status = 200, content_type: type = "", body = "", location }: Input["policy"]): Fetched {
  if (error !== undefined) return FAILURES[Object.keys(FAILURES).find((each) => error.includes(each)) ?? "certificate"] as Fetched;
  const bytes = Buffer.from(body);
  return { kind: "response", status, content_type: type, location: location ?? null, body: bytes.subarray(0, 65_536), is_cut: bytes.length > 65_536 };
}

describe("MTA-STS, labelled from RFC 8461", () => {
  test.each(casesIn<Input, Expected>("mtasts"))("$name", async ({ records, input, expect: expected }) => {
    const facts = await examineSts(input.domain, { hosts: input.mx, policyPort: 443, fetchPolicy: async () => fetchedOf(input.policy) }, questionsIn(records));
    expectOneOf(facts.record.state, expected.record);
    // Without a record, senders fetch no policy: there is none.
    expectOneOf(facts.policy?.state ?? (expected.policy === "missing" ? "missing" : null), expected.policy);
    if (facts.policy?.state === "valid") {
      expectOneOf<string | null>(facts.policy.mode, expected.mode);
      expectOneOf<number | null>(facts.policy.max_age_s, expected.max_age);
    }
    expectChecks(judgeSts(facts, { evidence: [], receives: true }), expected.checks);
  });
});
