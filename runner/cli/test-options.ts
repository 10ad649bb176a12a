import type { Arguments, Options } from "./arguments.js";
import { shortSecretsOption } from "./short-secrets.js";

export const testOptions = {
  tags: { value: "A,B", repeated: true, description: "Run only checks with one of these tags." },
  target: { value: "A,B", repeated: true, description: "Run only checks of these targets." },
  testNamePattern: { short: "t", value: "PATTERN", description: "Run only checks whose name contains this word or matches this regular expression." },
  list: { description: "Print the checks that would run, without running them." },
  reporter: {
    value: "NAME",
    repeated: true,
    suggests: ["default", "verbose", "tree", "dot", "junit", "json", "tap", "github-actions", "html"],
    description: "default, verbose, tree, dot, junit, json, tap, github-actions, html (needs @vitest/ui).",
  },
  outputFile: { value: "PATH", description: "Output file of a reporter that writes a file." },
  "outputFile.junit": { value: "PATH", description: "The same for the junit reporter only." },
  "outputFile.json": { value: "PATH", description: "The same for the json reporter only." },
  "outputFile.html": { value: "PATH", description: "The same for the html reporter only." },
  report: { value: "FILE", description: "Write an HTML page of the run there: failures, every check on every target, times by operation." },
  watch: { description: "Keep running, and rerun a suite when its file changes." },
  bail: { value: "N", description: "Stop after N failed checks." },
  retry: { value: "N", description: "Retry a failed check up to N times (overrides `retries` in the suite)." },
  concurrency: { value: "N", description: "Simultaneous checks per suite (overrides `concurrency` in the suite)." },
  ...shortSecretsOption,
  passWithNoTests: { description: "Exit with 0 if no check was selected." },
} as const satisfies Options;

export type TestArguments = Arguments<typeof testOptions>;
