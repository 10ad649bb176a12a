import type { Plugin } from "esbuild";
import type { Probe } from "../runner/harness/define-probe.js";
import { bundle, COMMON_JS, virtual } from "./bundle.js";
import { registrySource } from "./registry-source.js";
import { bringsLab } from "./repo.js";
import { validatorsOf } from "./validators.js";

/**
 * What require() gives is the default export itself, as it is for an import of such a file. It is assigned once and never read back:
 * vitest runs such a file itself where the package is linked from outside node_modules, and gives it a `module` of its own making.
 */
const DEFAULT_ONLY = { format: "iife", globalName: "bundled", footer: { js: "module.exports = bundled.default;" } } as const;

/**
 * Three files a probe: NAME.cjs with its wire clients and the validators that judge, ready to run; NAME.faults.cjs with the
 * validators that say what is wrong, read when an input was refused; NAME.lab.cjs where it brings a lab. The command and the
 * library load the same ones. An output that does not fit is a bug of ours: Ajv explains it from the schema.
 */
export async function buildProbes(probes: readonly Probe[]): Promise<string[]> {
  const files = await Promise.all(probes.map((probe) => Promise.all([probeFile(probe), faultsFile(probe), labFile(probe)])));
  return files.flat(2);
}

async function probeFile(probe: Probe): Promise<string[]> {
  const validators = await validatorsOf(probe, "judging", ["input", "output"]);
  return file(probe.name, adoption(probe.name), `${validators}\nconst allFaults = () => require("./${probe.name}.faults.cjs");`);
}

/** `validators` and `allFaults` are put above the bundle: minified code must not be changed again. */
function adoption(name: string): string {
  return `
    import probe from "./probes/${name}/probe.js";
    for (const [version, contracts] of Object.entries(probe.versions)) {
      contracts.input.adopt(validators[version].input, () => allFaults()[version].input);
      contracts.output.adopt(validators[version].output);
    }
    export default probe;`;
}

async function faultsFile(probe: Probe): Promise<string[]> {
  return file(`${probe.name}.faults`, "export default validators;", await validatorsOf(probe, "telling", ["input"]));
}

async function labFile({ name }: Probe): Promise<string[]> {
  return bringsLab(name) ? file(`${name}.lab`, `export { default } from "./probes/${name}/lab.js";`) : [];
}

function file(name: string, contents: string, above = ""): Promise<string[]> {
  return bundle({
    ...COMMON_JS,
    ...DEFAULT_ONLY,
    banner: { js: `${COMMON_JS.banner.js}\n${above}` },
    entryPoints: [{ in: "probe-file", out: `probes/${name}` }],
    plugins: [virtual("probe-file", contents)],
  });
}

/** esbuild plugin: probes/index.ts loads the files above. By require() from CommonJS: a first import() would start the whole loader. */
export function probesApart(names: readonly string[], load: "require" | "import"): Plugin {
  const loader = (path: string): string => (load === "import" ? `() => import("${path}")` : `async () => ({ default: require("${path}") })`);
  const contents = registrySource(names, (name, part) => loader(`./probes/${name}${part === "probe" ? "" : `.${part}`}.cjs`));
  return {
    name: "probes-apart",
    setup(build) {
      build.onLoad({ filter: /[\\/]probes[\\/]index\.ts$/ }, () => ({ contents, loader: "ts" }));
      build.onResolve({ filter: /^\.\/probes\/.*\.cjs$/ }, ({ path }) => ({ path, external: true }));
    },
  };
}
