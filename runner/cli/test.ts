import { defineCommand } from "./command.js";
import { testOptions } from "./test-options.js";
import { runSuites } from "./test-suites.js";

export default defineCommand({
  summary: "Runs suites of checks on vitest.",
  usage: "<suite.yaml>… [options] [-- vitest options]",
  details: [
    "A suite names targets, checks, and what is expected of each: see docs/suites.md. Every check becomes a vitest test.",
    "Vitest stays an optional peer: install it beside probe-run with `npm install --save-dev vitest`.",
    "It ends with 0 when every check is fulfilled, 1 when one is not, 2 when a suite is wrong (nothing was run), 3 when it could not run.",
  ].join("\n"),
  options: testOptions,
  examples: [
    ["test mail.yaml", "Run every check of the suite."],
    ["test mail.yaml --tags smoke --reporter default --reporter junit --outputFile.junit report.xml", "Run those tagged smoke, and write a JUnit file too."],
    ["test mail.yaml -t mx1 -- --sequence.shuffle", "Run those of mx1; what stands behind -- goes to vitest."],
  ],
  words: { least: 1, most: Number.POSITIVE_INFINITY },
  run: runSuites,
});
