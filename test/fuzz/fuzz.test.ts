import { expect, test } from "vitest";
import { corpusOf, fuzz } from "./fuzz.js";
import { TARGETS } from "./targets.js";

/** With the long suite, twenty seconds each; otherwise the corpus and a few hundred mutations, always the same. */
const IS_LONG = process.env.PROBE_RUN_LONG === "1";
const options = IS_LONG
  ? { seed: Date.now() % 1_000_000, milliseconds: 20_000, mostRuns: Number.POSITIVE_INFINITY }
  : { seed: 1, milliseconds: 1000, mostRuns: 400 };

test.each(Object.keys(TARGETS))(
  "%s ends soon and throws nothing but its refusals",
  async (name) => {
    const { runs, finding } = await fuzz(TARGETS[name] as (typeof TARGETS)[string], { ...options, corpus: corpusOf(name) });
    expect(finding, `seed ${options.seed}, input ${runs}`).toBeNull();
  },
  90_000,
);

test("a parser that throws, and one that is slow, are found", { timeout: 120_000 }, async () => {
  const corpus = [Buffer.from("harmless")];
  const throwing = await fuzz(
    { modules: [], parse: (bytes) => (bytes.includes("(") ? JSON.parse("(") : null) },
    { ...options, milliseconds: 5000, mostRuns: 5000, corpus },
  );
  expect(throwing.finding?.problem).toContain("SyntaxError");
  const slow = await fuzz({ modules: [], parse: () => busy(60) }, { ...options, maxMs: 50, corpus });
  expect(slow.finding?.problem).toMatch(/it took \d+ ms for 8 bytes/);
});

function busy(milliseconds: number): void {
  const before = process.cpuUsage();
  // Asking without a pause would take more time of the system than of ours.
  while (process.cpuUsage(before).user / 1000 < milliseconds) for (let count = 0; count < 1_000_000; count++) Math.sqrt(count);
}
