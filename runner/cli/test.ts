import { defineCommand } from "./command.js";
import { testOptions } from "./test-options.js";
import { runSuites } from "./test-suites.js";

export default defineCommand({
  summary: "Runs suites of checks on vitest.",
  usage: "<suite.yaml>… [options] [-- vitest options]",
  details: [
    "A suite lists targets, checks and their expectations: see docs/suites.md. Each check runs as a vitest test.",
    "Vitest is an optional peer dependency: install it with `npm install --save-dev vitest`.",
    "Exits 0 if every check passes, 1 if one fails, 2 if a suite is invalid (nothing was run), 3 if it could not run.",
  ].join("\n"),
  options: testOptions,
  examples: [
    ["test mail.yaml", "Run every check of the suite."],
    [
      "test mail.yaml --tags smoke --reporter default --reporter junit --outputFile.junit report.xml",
      "Run the checks tagged smoke, and also write a JUnit file.",
    ],
    ["test mail.yaml --report report.html", "Also write a page that people can open."],
    ["test mail.yaml -t mx1 -- --sequence.shuffle", "Run the checks of mx1; options after -- are passed to vitest."],
  ],
  words: { least: 1, most: Number.POSITIVE_INFINITY },
  run: runSuites,
});
