import { readFile, realpath } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { checksOf, namePattern } from "../suite/choose.js";
import type { PlannedCheck } from "../suite/plan.js";
import { type Problem, problemText, SuiteError } from "../suite/problem.js";
import { type ReadSuite, readSuite } from "../suite/read.js";
import { isTarget } from "../suite/targets.js";
import { nearest } from "../support/did-you-mean.js";
import { fileProblem } from "../support/file-error.js";
import { printable, printableLine } from "../support/printable.js";
import { startSuites } from "../vitest/start.js";
import { wholeNumber } from "./arguments.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { allowShortSecrets } from "./short-secrets.js";
import { type TestArguments, testOptions } from "./test-options.js";
import { exitCodeOf, noneSelected } from "./test-outcome.js";
import { reportOf, reportPath, writeReport } from "./test-report.js";
import { summaryTables } from "./test-summary.js";
import { UsageError } from "./usage-error.js";
import { loadVitest, vitestOptions } from "./vitest-options.js";

/** Validates every suite, and passes them to vitest if all are valid. */
export async function runSuites(given: TestArguments, io: Io): Promise<number> {
  const { paths, passed } = split(given.words);
  allowShortSecrets(given.options);
  const concurrency = wholeNumber("concurrency", given.options.concurrency, 1, 1000);
  const retries = wholeNumber("retry", given.options.retry, 0, 20);
  const report = reportPath(given.options, io);
  const files = await Promise.all(paths.map((path) => locate(path, io)));
  const suites = await readAll(files, io);
  if (suites === null) return EXIT.badRequest;
  const known = [...new Set(suites.flatMap(({ checks }) => checks.flatMap(({ tags }) => tags)))];
  const choice = { targets: given.options.target.flatMap((list) => list.split(",")), tags: tagsOf(given.options.tags, known) };
  const chosen = suites.map(({ checks }) => checksOf(checks, choice));
  assertTargets(suites, choice.targets);
  if (given.options.list) return listChecks(suites, chosen, given.options, io);
  if (chosen.every(({ length }) => length === 0)) return noneSelected(given.options.passWithNoTests, io);
  const vitestNode = await loadVitest(io);
  if (vitestNode === null) return EXIT.couldNotRun;
  const startedAt = Date.now();
  const vitest = await started(io, vitestNode, {
    files: files.filter((_, index) => (chosen[index] as readonly PlannedCheck[]).length > 0),
    included: suites.flatMap((suite) => suite.files.documents.slice(1).map(({ file }) => file)),
    tags: known,
    maxConcurrency: concurrency ?? Math.max(...suites.map(({ suite }) => suite.concurrency)),
    suiteOptions: {
      tags: true,
      targets: choice.targets,
      withTags: choice.tags,
      tries: report !== null,
      ...(retries === null ? {} : { retries }),
      ...(concurrency === null ? {} : { concurrency }),
    },
    vitest: vitestOptions(vitestNode, given.options, passed),
    cwd: io.cwd,
  });
  if (vitest === null) return EXIT.couldNotRun;
  io.err(printable(summaryTables(suites, vitest)));
  const isReported = report === null || (await writeReport(report, reportOf(suites, vitest, startedAt, io.cwd), io));
  if (vitest.shouldKeepServer()) await new Promise<void>((resolve) => vitest.onClose(resolve));
  const code = exitCodeOf(vitest, given.options.passWithNoTests, io);
  return isReported ? code : EXIT.couldNotRun;
}

function assertTargets(suites: readonly ReadSuite[], targets: readonly string[]): void {
  const all = suites.flatMap((suite) => suite.targets);
  const unknown = targets.find((given) => !all.some((target) => isTarget(target, given)));
  if (unknown === undefined) return;
  const known = [...new Set(all.flatMap(({ name, labels }) => [...labels, name]))];
  const near = nearest(unknown, known, 1)[0];
  const hint = near !== undefined ? `did you mean ${near}?` : known.length === 0 ? "the suite has no targets" : `use one of ${known.join(", ")}`;
  throw new UsageError(`unknown target ${JSON.stringify(unknown)}`, hint);
}

async function listChecks(
  suites: readonly ReadSuite[],
  chosen: readonly (readonly PlannedCheck[])[],
  given: TestArguments["options"],
  io: Io,
): Promise<number> {
  const pattern = given.testNamePattern === null ? null : new RegExp(namePattern(given.testNamePattern));
  const names = suites.flatMap(({ suite }, index) => (chosen[index] as readonly PlannedCheck[]).map(({ title }) => `${suite.name} ${title}`));
  const selected = names.filter((name) => pattern === null || pattern.test(name));
  for (const name of selected) await io.out(`${printableLine(name)}\n`);
  return selected.length > 0 ? EXIT.ok : noneSelected(given.passWithNoTests, io);
}

/** Null if a reporter is missing, which has been reported: the internal search path of vitest would not help. */
async function started(io: Io, ...request: Parameters<typeof startSuites>): Promise<Awaited<ReturnType<typeof startSuites>> | null> {
  try {
    return await startSuites(...request);
  } catch (error) {
    const name = /^Failed to load custom Reporter from (.+)$/.exec((error as Error).message)?.[1];
    if (name === undefined) throw error;
    const remedy = name.startsWith("@vitest/ui")
      ? "the reporter html is a package of its own: run `npm install --save-dev @vitest/ui`"
      : `give ${testOptions.reporter.description.split(", html", 1)[0]}, or the path of a reporter's file`;
    io.err(`probe-run: the reporter ${JSON.stringify(name)} cannot be loaded\n  ${remedy}\n`);
    return null;
  }
}

/** A word that begins with a dash can only come after `--`, where vitest's own options begin. */
function split(words: readonly string[]): { paths: readonly string[]; passed: readonly string[] } {
  const first = words.findIndex((word) => word.startsWith("-"));
  const paths = first < 0 ? words : words.slice(0, first);
  if (paths.length === 0) throw new UsageError("missing argument: a suite", "usage: probe-run test <suite.yaml>…");
  return { paths, passed: first < 0 ? [] : words.slice(first) };
}

async function locate(path: string, io: Io): Promise<string> {
  try {
    return await realpath(resolve(io.cwd, path));
  } catch (error) {
    throw new UsageError(fileProblem(path, error), "give the path of a YAML file");
  }
}

/** Nothing runs until every suite is valid; the errors of all are reported at once. */
async function readAll(files: readonly string[], io: Io): Promise<ReadSuite[] | null> {
  const problems: Problem[] = [];
  const suites: ReadSuite[] = [];
  for (const file of files) {
    try {
      suites.push(await readSuite(file, await readText(file), io.env));
    } catch (error) {
      if (!(error instanceof SuiteError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length === 0) return suites;
  const lines = problems.map((problem) => problemText({ ...problem, file: relative(io.cwd, problem.file) }));
  io.err(printable(`probe-run: the suite is wrong, nothing was run\n${lines.map((line) => `  ${line}`).join("\n")}\n`));
  return null;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(fileProblem(file, error), "give the path of a suite");
  }
}

/** The tags that were asked for. Vitest before 4.1 knows no tags: checks are chosen here. */
function tagsOf(written: readonly string[], known: readonly string[]): readonly string[] {
  const asked = written.flatMap((list) => list.split(",")).map((tag) => tag.trim());
  for (const tag of asked) {
    if (known.includes(tag)) continue;
    const near = nearest(tag, known, 1)[0];
    throw new UsageError(
      `no check has the tag ${JSON.stringify(tag)}`,
      near !== undefined ? `did you mean ${near}?` : known.length === 0 ? "no check has any tag" : `the tags are: ${known.join(", ")}`,
    );
  }
  return asked;
}
