import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { CliOptions, Vitest } from "vitest/node";
import type { SuiteOptions } from "./suite-tests.js";

export interface StartRequest {
  /** The suites' files as absolute paths with links resolved, as vitest knows them. */
  readonly files: readonly string[];
  /** The files that suites include. With --watch, a change of one runs the suites again. */
  readonly included: readonly string[];
  /** All tags of the checks. */
  readonly tags: readonly string[];
  readonly maxConcurrency: number;
  readonly suiteOptions: SuiteOptions;
  /** Options for vitest itself. */
  readonly vitest: CliOptions;
  readonly cwd: string;
}

type VitestNode = typeof import("vitest/node");

/**
 * Runs suites as vitest's test files: the YAML file itself is the test file, and a plugin gives vitest two lines of code for it. So reporters,
 * filters and watch mode use the suite's file, and a failure is shown at its own line.
 */
export async function startSuites({ startVitest }: VitestNode, request: StartRequest): Promise<Vitest> {
  const { files, included, tags, maxConcurrency, suiteOptions, vitest, cwd } = request;
  return startVitest(
    "test",
    [],
    {
      ...vitest,
      config: false,
      root: cwd,
      include: files.map(globOf),
      exclude: [],
      forceRerunTriggers: included.map(globOf),
      tags: tags.map((name) => ({ name })),
      strictTags: false,
      maxConcurrency,
      // Already built: Node itself loads it, with every package that it needs.
      server: { deps: { external: [packagePattern()] } },
      env: { [OPTIONS]: JSON.stringify(suiteOptions) },
    },
    { plugins: suitePlugins(request) },
  );
}

/** Not in the code of a suite: vitest 5 keeps that on the disk, and knows it again by the suite's text alone. */
const OPTIONS = "PROBE_RUN_SUITE_OPTIONS";

/** Two, because vite itself reads a suite in JSON between them. */
function suitePlugins({ files }: StartRequest) {
  // Nothing of the suite is in what vitest gets, which it writes to the disk: values from the environment may be secrets.
  const load = (id: string) => (files.includes(id) ? "{}" : null);
  const transform = (_: string, id: string) => {
    if (!files.includes(id)) return null;
    const code = `import { suiteTests } from ${JSON.stringify(libraryUrl())};\nawait suiteTests(${JSON.stringify(id)}, JSON.parse(process.env.${OPTIONS}));\n`;
    // An empty map: lines and columns of errors are the suite's already.
    return { code, map: { mappings: "" as const } };
  };
  return [{ name: "probe-run:suite", enforce: "pre", load } as const, { name: "probe-run:tests-of-suite", enforce: "post", transform } as const];
}

/** The running package's own probe-run/vitest, wherever the suite is. */
function libraryUrl(): string {
  return import.meta.resolve("probe-run/vitest");
}

/** Every file in its folder. */
function packagePattern(): RegExp {
  const folder = dirname(fileURLToPath(libraryUrl())).replaceAll("\\", "/");
  return new RegExp(`^${folder.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}/`);
}

/** A path as a glob that matches only itself. */
function globOf(path: string): string {
  return path.replace(/[\\()[\]{}!*?|@+]/g, "\\$&");
}
