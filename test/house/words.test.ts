import { describe, expect, test } from "vitest";
import { filesIn, read } from "./files.js";

/** Words that are not plain English, or had several meanings here, each with what to write instead. Names are compared by their parts. */
const REPLACED: readonly [expression: RegExp, instead: string][] = [
  [/\b(?:un)?told\b/, "reported, sent, documented"],
  [/\bwho(?:m|so)?ever\b/, "the subject by its name"],
  [/\blest\b/, "so that … not"],
  [/\bpatience\b/, "timeout"],
  [/\bteller\b/, "reporter, dispatcher"],
  [/\blanes?\b/, "limiter, queue"],
  [/\bgates?\b/, "lock, semaphore"],
  [/\bfor good\b/, "permanently"],
  [/\bso many as\b/, "as many as"],
  [/\b(?:comes?|came|coming) to\b/, "results in, reaches"],
  [/\bsmall letters\b/, "lower case"],
];

/** Words that are also data: a mailbox, a user of the system, a wrong address. In a sentence they have words beside them. */
const REPLACED_IN_SENTENCES: readonly [expression: RegExp, instead: string][] = [
  [/\b[Ss]omebody\b(?!@)/, "the client, another program"],
  [/\b[Nn]obody(?=,? [a-z])|(?<=[a-z],? )(?<!\b[Uu]ser )nobody\b(?![@`"])/, "no client, no server, unknown"],
];

/** Names that cannot change: what stores hold, and an old name in the history of changes. */
const KEPT = ["}_lane", ".state.gate", "UntoldError", "told INTEGER", "COLUMN told", "not_after, told,"];

/** In lower case, with the parts of a name as words. */
function wordsOf(line: string): string {
  return line
    .replace(/([a-z])(?=[A-Z])/g, "$1 ")
    .replaceAll("_", " ")
    .toLowerCase();
}

function wordsToReplace(line: string): string[] {
  const text = KEPT.reduce((rest, name) => rest.replaceAll(name, ""), line);
  const words = wordsOf(text);
  const found = [
    ...REPLACED.map(([expression, instead]) => [expression.exec(words), instead] as const),
    ...REPLACED_IN_SENTENCES.map(([expression, instead]) => [expression.exec(text), instead] as const),
  ];
  return found.flatMap(([match, instead]) => (match === null ? [] : [`${match[0]} (write: ${instead})`]));
}

/** What is written here: fixtures hold the words of others, and this file names the words. */
const written = filesIn().filter(
  (path) => /\.(?:ts|mjs|cjs|js|md|ya?ml)$/.test(path) && path !== "test/house/words.test.ts" && (path.endsWith("README.md") || !path.startsWith("fixtures/")),
);

describe("plain words", () => {
  test("no file uses a word that was replaced", () => {
    const found = written.flatMap((path) => {
      const text = read(path);
      // Nearly every file has none, which is seen sooner in all of it.
      if (wordsToReplace(text).length === 0) return [];
      return text.split("\n").flatMap((line, index) => wordsToReplace(line).map((what) => `${path}:${index + 1}: ${what}`));
    });
    expect(found).toEqual([]);
  });

  test.each(["const toldBy = 1;", "class Lane {", "CLAIM_GATE_MS", "What it comes to.", "a key that nobody trusts", "Nobody, and", "Whoever asks"])(
    "%s is found",
    (line) => {
      expect(wordsToReplace(line)).toHaveLength(1);
    },
  );

  test.each(["the gateway", 'id -u "nobody"', "User nobody", "nobody@example.org", "asNobody = isRoot()", "a molested planet"])("%s is not", (line) => {
    expect(wordsToReplace(line)).toEqual([]);
  });
});
