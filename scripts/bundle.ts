import { type BuildOptions, build, type Plugin } from "esbuild";
import manifest from "../package.json" with { type: "json" };
import { inRepo, REPO } from "./repo.js";

/** Small and needed by every run: finding and reading it in node_modules would cost each start more than it is worth. */
const BUNDLED = ["is-valid-hostname"];
/** What precompiled validators call. */
const BUNDLED_WITH_VALIDATORS = ["ajv", "fast-deep-equal"];

/**
 * For what the command loads. On Node 20 CommonJS takes a seventh of the time off a run: every ES module that is read costs more
 * than half a millisecond, their loader itself three, and require() leaves what a run does not use unread.
 */
export const COMMON_JS = {
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  banner: {
    js: 'const importMeta = { get url() { return require("node:url").pathToFileURL(__filename).href; }, resolve: (name) => require("node:url").pathToFileURL(require.resolve(name)).href };',
  },
  define: { "import.meta": "importMeta" },
  // Reading 100 kB costs a start two milliseconds. Names and lines are kept for stack traces.
  minifyWhitespace: true,
  lineLimit: 120,
} as const satisfies BuildOptions;

/** Writes files of dist/, and gives their paths. */
export async function bundle(options: BuildOptions): Promise<string[]> {
  const { metafile } = await build({ ...inDist(options), metafile: true });
  assertBundledOnly(Object.keys(metafile.inputs));
  return Object.keys(metafile.outputs);
}

/** The same for one file, without writing it. */
export async function bundledText(options: BuildOptions): Promise<string> {
  const { metafile, outputFiles } = await build({ ...inDist(options), metafile: true, write: false });
  assertBundledOnly(Object.keys(metafile.inputs));
  return outputFiles.map(({ text }) => text).join("");
}

/** esbuild plugin: an entry that is not a file. */
export function virtual(entry: string, contents: string): Plugin {
  return {
    name: `virtual-${entry}`,
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${entry}$`) }, ({ path }) => ({ path, namespace: "virtual" }));
      build.onLoad({ filter: new RegExp(`^${entry}$`), namespace: "virtual" }, () => ({ contents, resolveDir: inRepo() }));
    },
  };
}

function inDist(options: BuildOptions): BuildOptions {
  return {
    outdir: inRepo("dist"),
    absWorkingDir: REPO,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    external: packagesAtRunTime(),
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    ...options,
  };
}

function packagesAtRunTime(): string[] {
  const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.optionalDependencies), ...Object.keys(manifest.peerDependencies)];
  return names.filter((name) => !BUNDLED.includes(name)).flatMap((name) => [name, `${name}/*`]);
}

/** A development dependency that a source imports by mistake would be bundled into dist unnoticed. */
function assertBundledOnly(inputs: readonly string[]): void {
  const allowed = [...BUNDLED, ...BUNDLED_WITH_VALIDATORS].map((name) => `node_modules/${name}/`);
  const strangers = inputs.filter((path) => path.includes("node_modules/") && !allowed.some((start) => path.startsWith(start)));
  if (strangers.length > 0) throw new Error(`dist/ would hold code of packages that are no dependencies: ${strangers.join(", ")}`);
}
