import type { Arguments, Options } from "./arguments.js";
import { shortSecretsOption } from "./short-secrets.js";

export const testOptions = {
  tags: { value: "A,B", repeated: true, description: "Only checks that have one of these tags." },
  target: { value: "A,B", repeated: true, description: "Only checks of these targets." },
  testNamePattern: { short: "t", value: "PATTERN", description: "Only checks whose name holds this word, or matches this regular expression." },
  list: { description: "Print the checks that would run, and run none." },
  reporter: { value: "NAME", repeated: true, description: "default, verbose, tree, dot, junit, json, tap, github-actions, html (needs @vitest/ui)." },
  outputFile: { value: "PATH", description: "Where a reporter that writes a file writes it." },
  "outputFile.junit": { value: "PATH", description: "The same for JUnit alone." },
  "outputFile.json": { value: "PATH", description: "The same for JSON alone." },
  "outputFile.html": { value: "PATH", description: "The same for HTML alone." },
  watch: { description: "Stay, and run a suite again whenever its file changes." },
  bail: { value: "N", description: "Stop after so many checks that are not fulfilled." },
  retry: { value: "N", description: "Run a failed check so often again; wins over the suite's retries." },
  concurrency: { value: "N", description: "Checks of a suite at a time; wins over the suite's concurrency." },
  ...shortSecretsOption,
  passWithNoTests: { description: "End with 0 when no check was chosen." },
} as const satisfies Options;

export type TestArguments = Arguments<typeof testOptions>;
