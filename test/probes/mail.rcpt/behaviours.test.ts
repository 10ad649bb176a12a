import { describe, expect, test } from "vitest";
import probe from "../../../probes/mail.rcpt/probe.js";
import { confusionOf, type Played, playBehaviour, rcptBehaviours, TRUTHS } from "../../support/rcpt-behaviours.js";

const behaviours = rcptBehaviours();
const plays = behaviours.flatMap((each) => each.deliveries.map((delivery) => ({ name: each.name, delivery, each })));
const seen: { truth: (typeof TRUTHS)[number]; verdict: "valid" | "risky" | "invalid" | "unknown" }[] = [];

// Side by side: most of their time is spent waiting.
describe("the verdict about a server scripted to", () => {
  test.concurrent.each(plays)("$name, delivered in $delivery", async ({ each, delivery }) => {
    const played = await playBehaviour(each, delivery);
    const [result] = played.output.results;
    if (result !== undefined) seen.push({ truth: each.truth, verdict: result.verdict });
    expect(result).toMatchObject({ verdict: each.verdict, reason: each.reason });
    judgePlay(played);
  });
});

/** What is true of every run, whatever the server did. */
function judgePlay({ output, mismatches, openSockets, said }: Played): void {
  expect(mismatches).toEqual([]);
  expect(openSockets).toBe(0);
  expect(probe.versions["1.0.0"]?.output.validator(structuredClone(output))).toBe(true);
  expect(said.filter((line) => /^(DATA|BDAT|VRFY|EXPN)\b/i.test(line))).toEqual([]);
  expect(output.operations.filter(({ duration_ms: duration }) => duration === null)).toEqual([]);
  const [result] = output.results;
  expect(output.status).toBe(output.failure !== null ? "error" : output.findings.length > 0 ? "warning" : "ok");
  expect(output.failure === null).toBe(result?.category === "accept");
  expect(result?.retry_after_ms !== null).toBe(output.failure?.retryable === true);
  expect(result?.confidence === 0).toBe(result?.verdict === "unknown");
  expect(JSON.stringify(output)).not.toMatch(/"code":"unknown"/);
}

test("at least sixty labelled behaviours, of every kind", () => {
  expect(behaviours.length).toBeGreaterThanOrEqual(60);
  expect(new Set(behaviours.map(({ truth }) => truth))).toEqual(new Set(TRUTHS));
  expect(behaviours.map(({ name }) => name).filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
});

// After all tests above: their results together.
test("no mailbox that may exist is reported as invalid, and no missing one as valid", () => {
  expect(seen.length).toBe(plays.length);
  const confusion = confusionOf(seen);
  const wrong = TRUTHS.filter((truth) => truth !== "missing" && truth !== "disabled").map((truth) => confusion[truth].invalid);
  expect(wrong).toEqual(wrong.map(() => 0));
  expect(confusion.missing.valid + confusion.disabled.valid).toBe(0);
});
