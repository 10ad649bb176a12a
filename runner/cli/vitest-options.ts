import type { CliOptions } from "vitest/node";
import { namePattern } from "../suite/choose.js";
import type { Io } from "./io.js";
import type { TestArguments } from "./test-options.js";
import { UsageError } from "./usage-error.js";

export type VitestNode = typeof import("vitest/node");

/** Vitest is an optional peer: null, with a hint how to install it, if it is missing. */
export async function loadVitest(io: Io): Promise<VitestNode | null> {
  try {
    return await import("vitest/node");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    io.err("probe-run: suites need vitest, which is not installed\n  install it beside probe-run: npm install --save-dev vitest@4\n");
    return null;
  }
}

type Given = TestArguments["options"];

/** Options of vitest that do not make sense for suites. */
const NOT_FOR_SUITES = ["config", "root", "dir", "project", "browser", "typecheck", "changed", "environment", "dom", "globals", "include", "exclude", "tags"];

/** Vitest parses both our options and those after `--`, so their meaning is the same. */
export function vitestOptions({ parseCLI }: VitestNode, given: Given, passed: readonly string[]): CliOptions {
  if (given.outputFile !== null && given.reporter.length === 0 && !passed.some((word) => word.startsWith("--reporter")))
    throw new UsageError("--outputFile needs a reporter that writes a file", "name one: --reporter default --reporter junit");
  const argv = ["vitest", given.watch ? "watch" : "run", ...ours(given), ...passed];
  const { options, words } = parse(parseCLI, argv);
  const unfit = NOT_FOR_SUITES.find((name) => name in options);
  if (unfit !== undefined) throw new UsageError(`vitest's option --${unfit} cannot be used with suites`);
  if (words[0] !== undefined) throw new UsageError(`${JSON.stringify(words[0])} is not an option of vitest`, "put suites before the --");
  return options;
}

function ours(given: Given): string[] {
  const single = ["testNamePattern", "outputFile", "outputFile.junit", "outputFile.json", "outputFile.html", "bail", "retry"] as const;
  return [
    ...reporters(given).map((name) => `--reporter=${name}`),
    ...single.flatMap((name) => (given[name] === null ? [] : [`--${name}=${name === "testNamePattern" ? namePattern(given[name]) : given[name]}`])),
    ...(given.passWithNoTests ? ["--passWithNoTests"] : []),
  ];
}

/** A file of a reporter asks for the reporter, beside those that vitest uses if none is named. */
function reporters(given: Given): readonly string[] {
  const writing = (["junit", "json", "html"] as const).filter((name) => given[`outputFile.${name}`] !== null && !given.reporter.includes(name));
  if (given.reporter.length > 0 || writing.length === 0) return [...given.reporter, ...writing];
  return ["default", ...(process.env.GITHUB_ACTIONS === "true" ? ["github-actions"] : []), ...writing];
}

function parse(parseCLI: VitestNode["parseCLI"], argv: string[]): { options: CliOptions; words: readonly string[] } {
  try {
    const { filter, options } = parseCLI(argv);
    const { "--": behindDashes = [], ...known } = options as CliOptions & { "--"?: string[] };
    return { options: known, words: [...filter, ...behindDashes] };
  } catch (error) {
    throw new UsageError(`vitest rejects these options: ${(error as Error).message}`);
  }
}
