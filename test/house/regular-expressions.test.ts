import { describe, expect, test } from "vitest";
import { UnboundedPattern } from "../../schemas/regular-expression-syntax.js";
import { sourcesIn } from "./files.js";
import { type Attack, attacksOn, attackText } from "./regular-expressions/attacks.js";
import { type FoundExpression, findExpressions } from "./regular-expressions/find.js";

const SHORT = 2048;
const LONG = 64 * 1024;
/** Of the processor, so that other programs do not count. Linear expressions need a tenth of it, quadratic ones seconds. */
const MAX_MS = 400;
/** What a linear expression needs for a quarter of it, with room. */
const LINEAR_MS = 4;

/** Texts that are cut to so many characters before these files' expressions see them. */
const BOUNDED: Readonly<Record<string, number>> = { "runner/replies/reply-table": 4096 };

/** Expressions made from a text: each is ours, or escaped, or checked before. */
const MADE = [
  "runner/cli/test-suites.ts: the pattern of -t, which the caller gives and vitest compiles too",
  "runner/lab/imap/arguments.ts: the expression of a caller here, made sticky",
  "runner/lab/imap/mailboxes.ts: a LIST pattern of the local server's client",
  "runner/lab/imap/sequence-set.ts: the set's own expression",
  "runner/mail/dkim/signature-field.ts: a constant width",
  "runner/mail/report/plain/exchange.ts: the address's own expression",
  "runner/mail/report/recipient.ts: three digits",
  "runner/mail/spf/ip-address.ts: zero groups of an address",
  "runner/net/dns/wire/rdata.ts: zero groups of an address",
  "runner/net/starttls/preludes.ts: a constant reply code",
  "runner/replies/mailbox-phrases.ts: joined from constants; timed as they are used",
  "runner/replies/other-subjects.ts: joined from constants; timed as they are used",
  "runner/suite/choose.ts: the pattern of -t, only compiled, to see whether it can be",
  "runner/vitest/start.ts: a folder's name, escaped",
  "schemas/regular-expression.ts: only compiled, to see whether it can be",
];

const { literals, made } = findExpressions(["probes", "runner", "schemas"].flatMap(sourcesIn));

/** Milliseconds of the processor, in this process, which runs one test file. The kernel knows the sum exactly, and divides it by samples. */
function timeOf(expression: RegExp, text: string): number {
  expression.lastIndex = 0;
  const before = process.cpuUsage();
  if (expression.global) text.replace(expression, "");
  else expression.test(text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The least of several: the first run also compiles the expression, and any run may meet a garbage collection. */
function leastTimeOf(expression: RegExp, text: string): number {
  return Math.min(...Array.from({ length: 3 }, () => timeOf(expression, text)));
}

/** Longer and longer texts, up to the first that takes too long: the whole one might take hours. */
function timeOnLonger(expression: RegExp, attack: Attack, length: number): number {
  for (const part of [64, 16, 4]) {
    const ms = timeOf(expression, attackText(attack, Math.ceil(length / part)));
    if (ms > MAX_MS) return ms;
  }
  return timeOf(expression, attackText(attack, length));
}

function attacks({ source }: { source: string }): Attack[] {
  try {
    return attacksOn(source);
  } catch (error) {
    // A back reference: none of ours has one after a repetition.
    if (error instanceof UnboundedPattern) return [];
    throw error;
  }
}

/** The attack that costs most on a long text, of those that cost most on a short one. */
function worstOf({ place, source, flags }: FoundExpression, mostCharacters: number): { ms: number; attack: Attack | null } {
  const expression = new RegExp(source, flags);
  const timed = attacks({ source }).map((attack) => ({ attack, ms: leastTimeOf(expression, attackText(attack, SHORT)) }));
  const length = Object.entries(BOUNDED).find(([file]) => place.startsWith(file))?.[1] ?? mostCharacters;
  const worst = timed.sort((a, b) => b.ms - a.ms).slice(0, 3);
  const long = worst.map(({ attack }) => ({ attack, ms: timeOnLonger(expression, attack, length) }));
  return long.sort((a, b) => b.ms - a.ms)[0] ?? { ms: 0, attack: null };
}

describe("no regular expression takes more than linear time", () => {
  test.each([
    "^\\s*(\\w+)\\s*=\\s*([\\s\\S]*?)\\s*$",
    "\\s+$",
    "^(?:[ \\t]*;[ \\t]*x=[!-:<-~]+)+[ \\t]*;?[ \\t]*$",
    "file:\\/\\/[^\\s)]+:\\d+",
    "=+$",
    "violates .* policy",
  ])("attacks are found on one that does: %s", (source) => {
    expect(worstOf({ source, flags: "", place: "" }, LONG / 4).ms).toBeGreaterThan(LINEAR_MS);
  });

  test("each is timed on 64 KiB of its worst input", { timeout: 120_000 }, () => {
    const different = new Map(literals.map((each) => [`/${each.source}/${each.flags}`, each]));
    const slow = [...different].flatMap(([written, each]) => {
      const { ms, attack } = worstOf(each, LONG);
      return ms > MAX_MS ? [`${each.place} ${written} takes ${Math.round(ms)} ms on ${JSON.stringify(attack)}`] : [];
    });
    expect(different.size).toBeGreaterThan(400);
    expect(slow).toEqual([]);
  });

  test("those that are made from a text are known", () => {
    expect([...new Set(made)].sort()).toEqual(MADE.map((each) => each.split(":", 1)[0]));
  });
});
