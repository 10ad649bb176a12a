import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { matchesPattern, parsePattern } from "../../../runner/lab/line-pattern.js";
import { parseTranscript } from "../../../runner/lab/transcript.js";
import { TranscriptError } from "../../../runner/lab/transcript-error.js";

function bytesOf(line: string): string {
  const [step] = parseTranscript(line).steps;
  return step?.kind === "send" ? Buffer.from(step.bytes).toString("latin1") : `not a send: ${step?.kind}`;
}

function problemsOf(text: string): string[] {
  try {
    parseTranscript(text);
  } catch (error) {
    if (error instanceof TranscriptError) return error.problems.map(({ line, message }) => `${line}: ${message}`);
    throw error;
  }
  return [];
}

describe("S lines", () => {
  test.each([
    ["S: 220 ready", "220 ready\r\n"],
    ["S:", "\r\n"],
    ["S:  two spaces", " two spaces\r\n"],
    ["S| 220 par", "220 par"],
    ["S- 220 par", "220 par"],
    ["S| a\\r\\nb\\n\\t\\0\\\\", "a\r\nb\n\t\0\\"],
    ["S| \\xff\\x00\\x0A", "\xff\0\n"],
    ["S| é", "\xc3\xa9"],
    ["S: a * b", "a * b\r\n"],
  ])("%s", (line, bytes) => {
    expect(bytesOf(line)).toBe(bytes);
  });
});

describe("C lines", () => {
  test.each([
    ["EHLO *", "EHLO mx.example.org", true],
    ["EHLO *", "ehlo mx.example.org", true],
    ["EHLO *", "EHLO", false],
    ["ehlo *", "EHLO x", true],
    ["EHLO Mx", "EHLO mX", false],
    ["QUIT", "quit", true],
    ["QUIT", "QUIT ", false],
    ["MAIL FROM:<*> *SIZE=*", "MAIL FROM:<a@b> BODY=8BITMIME SIZE=12", true],
    ["MAIL FROM:<*> *SIZE=*", "MAIL FROM:<a@b> BODY=8BITMIME", false],
    ["a*a", "a", false],
    ["*x", "foo x", true],
    ["AHVzZXIAcGFzcw==", "ahvzZXIAcGFzcw==", false],
    ["\\*", "*", true],
    ["\\*", "x", false],
    ["*", "", true],
    ["a\\x2ab", "a*b", true],
    ["a\\x2ab", "axb", false],
    ["a\\\\b", "a\\b", true],
  ])("%s against %s", (pattern, line, matches) => {
    expect(matchesPattern(parsePattern(pattern), line)).toBe(matches);
  });
});

test("a transcript is its sentence and its steps", () => {
  const transcript = parseTranscript(
    "# Upgrades to TLS.\n# More words.\n\n@tls wildcard\nS: 220 a\n@delay 20ms\n@delay 1.5s\nC: QUIT\n@starttls\n@drip 5ms\n@any\n@message\n@repeat forever S: 250-x\n@expect-close\n",
  );
  expect(transcript.description).toBe("Upgrades to TLS.");
  expect(transcript.steps.map((step) => [step.line, step.kind])).toEqual([
    [4, "tls"],
    [5, "send"],
    [6, "delay"],
    [7, "delay"],
    [8, "expect"],
    [9, "starttls"],
    [10, "drip"],
    [11, "any"],
    [12, "message"],
    [13, "repeat"],
    [14, "expect-close"],
  ]);
  expect(transcript.steps[0]).toMatchObject({ certificate: "wildcard" });
  expect(transcript.steps[3]).toMatchObject({ milliseconds: 1500 });
});

test("all errors are reported together, with their lines", () => {
  expect(problemsOf("# x\nS: a\\q\nhello\n@dely 20ms\n@delay soon\n@tls\nS: b\n@tls\n@repeat S: x\n@any more\n@silence\nC: QUIT\nS: \\x1\n")).toEqual([
    '2: "\\\\q" is no escape; there are \\0 \\r \\n \\t \\\\ and \\xNN',
    '3: expected "S: ", "S| ", "C: ", "@directive" or "# comment", got "hello"',
    "4: there is no directive @dely; did you mean @delay?",
    '5: expected a duration such as 20ms or 1.5s, got "soon"',
    "8: @tls must come before every other step; use @starttls to upgrade later",
    '9: expected "@repeat forever S: text", got "@repeat S: x"',
    '10: @any takes nothing after it, got "more"',
    "12: nothing can happen after @silence on line 11",
    '13: "\\\\x" is no escape; there are \\0 \\r \\n \\t \\\\ and \\xNN',
  ]);
});

test("a transcript without a line of either side is rejected", () => {
  expect(problemsOf("# only words\n")).toEqual(["1: the transcript has no S:, C: or @ line"]);
});

describe("the transcripts of this repository", () => {
  const folder = fileURLToPath(new URL("../../../fixtures/transcripts/", import.meta.url));
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".txt"));

  test.each(names)("%s can be read and says what its peer does", (name) => {
    expect(parseTranscript(readFileSync(join(folder, name), "utf8")).description).toMatch(/^[A-Z0-9].+\.$/);
  });

  test("the directives in the format's description are those that there are", () => {
    const described = readFileSync(join(folder, "../../docs/transcripts.md"), "utf8").matchAll(/^\| `@([a-z-]+)/gm);
    const known = problemsOf("@zzzzzzzzzzzz")
      .join()
      .matchAll(/@([a-z-]+)/g);
    expect([...described].map(([, name]) => name).sort()).toEqual(
      [...known]
        .map(([, name]) => name)
        .slice(1)
        .sort(),
    );
  });
});
