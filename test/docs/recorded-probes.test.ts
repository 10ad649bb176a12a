import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { catalogue } from "../../runner/harness/catalogue.js";

test("docs/transcripts.md names every probe that can be recorded, and no other", () => {
  const markdown = readFileSync("docs/transcripts.md", "utf8");
  const [sentence = ""] = /These probes can be recorded: .*?\. For any other/s.exec(markdown) ?? [];
  const named = [...sentence.matchAll(/`([a-z]+\.[a-z0-9]+)`/g)].map(([, name]) => name);
  expect(named.sort()).toEqual(
    catalogue()
      .filter(({ isReplayable }) => isReplayable === true)
      .map(({ name }) => name)
      .sort(),
  );
});
