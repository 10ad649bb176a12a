import { createRequire } from "node:module";
import { _ } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import standaloneModule from "ajv/dist/standalone/index.js";
import type { Plugin } from "esbuild";
import type { Probe } from "../runner/define-probe.js";
import { ajvOptions, annotations, formats } from "../schemas/contract.js";
import { registrySource } from "./registry-source.js";
import { inRepo, REPO } from "./repo.js";

// Ajv is CommonJS: its default export is one level deeper for Node than for its types.
const standalone = standaloneModule.default;

/** Only a bug makes an output unfit: no need to find every fault, to say it at length, or to fill anything in. */
const outputOptions = { ...ajvOptions, allErrors: false, verbose: false, useDefaults: false } as const;

/**
 * esbuild plugin: in dist, probes/index.ts gives each probe its validators, compiled now, so that a run of ours never loads
 * Ajv. The sources stay as they are: from them, Ajv compiles a contract at its first use.
 */
export function registryWithValidators(probes: readonly Probe[]): Plugin {
  return {
    name: "registry-with-validators",
    setup(build) {
      const load = build.initialOptions.format === "cjs" ? "require" : "import";
      build.onLoad({ filter: /[\\/]probes[\\/]index\.ts$/ }, () => ({ contents: registryOf(probes, load), resolveDir: inRepo("probes"), loader: "ts" }));
      build.onResolve({ filter: /^\.\/validators\// }, ({ path }) => ({ path, external: true }));
    },
  };
}

/** One file a probe, beside the files that load it: a run reads the validators of its own probe only. */
export function validatorEntries(probes: readonly Probe[]): Record<string, string> {
  return Object.fromEntries(probes.map(({ name }) => [`validators/${name}`, `validators:${name}`]));
}

/** esbuild plugin: what those entries hold. A path is NAME for a probe, or NAME@VERSION:SIDE for one contract of it. */
export function validatorModules(probes: readonly Probe[]): Plugin {
  return {
    name: "validator-modules",
    setup(build) {
      build.onResolve({ filter: /^validators:/ }, ({ path }) => ({ path: path.slice("validators:".length), namespace: "validators" }));
      build.onLoad({ filter: /.*/, namespace: "validators" }, ({ path }) => ({ contents: moduleAt(probes, path), resolveDir: REPO, loader: "js" }));
      // What Ajv's code calls (the length of a string in characters, deep equality) comes into the bundle.
      build.onResolve({ filter: /^ajv\/dist\/runtime\// }, ({ path }) => ({ path: createRequire(import.meta.url).resolve(path) }));
    },
  };
}

/** From CommonJS by require: a first import() would start Node's whole loader of modules. */
function registryOf(probes: readonly Probe[], load: "require" | "import"): string {
  const validators = (file: string) => (load === "import" ? `() => import(${file})` : `async () => ({ default: require(${file}) })`);
  return registrySource(
    probes.map(({ name }) => name),
    (name) => validators(`"./validators/${name}.cjs"`),
  );
}

function moduleAt(probes: readonly Probe[], path: string): string {
  const [name = "", version, side] = path.split(/[@:]/);
  const probe = probes.find((each) => each.name === name) as Probe;
  if (version === undefined) return validatorsOf(probe);
  const { input, output } = probe.versions[version] as Probe["versions"][string];
  return side === "input" ? compile(input.schema, ajvOptions) : compile(output.schema, outputOptions);
}

function validatorsOf({ name, versions }: Probe): string {
  const served = Object.keys(versions);
  const imports = served.flatMap((version, index) =>
    ["input", "output"].map((side) => `const { validate: ${side}${index} } = require("validators:${name}@${version}:${side}");`),
  );
  const entries = served.map((version, index) => `"${version}": { input: input${index}, output: output${index} },`);
  return `${imports.join("\n")}\nmodule.exports = {\n${entries.join("\n")}\n};\n`;
}

function compile(schema: unknown, options: typeof ajvOptions | typeof outputOptions): string {
  const ajv = new Ajv2020({ ...options, code: { source: true, esm: true, formats: _`formats` } });
  for (const [name, check] of Object.entries(formats)) ajv.addFormat(name, check);
  for (const name of annotations) ajv.addKeyword(name);
  return `import { formats } from "./schemas/contract.ts";\n${standalone(ajv, ajv.compile(schema as object))}`;
}
