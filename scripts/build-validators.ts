import { createRequire } from "node:module";
import { _ } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import standaloneModule from "ajv/dist/standalone/index.js";
import type { Plugin } from "esbuild";
import type { Probe } from "../runner/define-probe.js";
import { ajvOptions, annotations, formats } from "../schemas/contract.js";
import { inRepo, REPO } from "./repo.js";

// Ajv is CommonJS: its default export is one level deeper for Node than for its types.
const standalone = standaloneModule.default;

/** An output is judged once, in bulk, and only a bug fails it: no need to go on, to say it at length, or to fill anything in. */
const outputOptions = { ...ajvOptions, allErrors: false, verbose: false, useDefaults: false } as const;

/**
 * esbuild plugin: in dist, probes/index.ts gives each probe its validators, compiled now. A run of ours never loads Ajv.
 * The sources stay as they are: from them, Ajv compiles a contract at its first use.
 */
export function precompiledValidators(probes: readonly Probe[]): Plugin {
  return {
    name: "precompiled-validators",
    setup(build) {
      build.onLoad({ filter: /[\\/]probes[\\/]index\.ts$/ }, () => ({ contents: registryOf(probes), resolveDir: inRepo("probes"), loader: "ts" }));
      build.onResolve({ filter: /^validators:/ }, ({ path }) => ({ path: `validators.${path.slice("validators:".length)}.js`, namespace: "validators" }));
      build.onLoad({ filter: /.*/, namespace: "validators" }, ({ path }) => ({ contents: moduleAt(probes, path), resolveDir: REPO, loader: "js" }));
      // What Ajv's code calls (the length of a string in characters, deep equality) comes into the bundle.
      build.onResolve({ filter: /^ajv\/dist\/runtime\//, namespace: "validators" }, ({ path }) => ({ path: createRequire(import.meta.url).resolve(path) }));
    },
  };
}

/** A path in the namespace is validators.NAME.js for a probe, or validators.NAME@VERSION:SIDE.js for one contract of it. */
function moduleAt(probes: readonly Probe[], path: string): string {
  const [name = "", version, side] = path.slice("validators.".length, -".js".length).split(/[@:]/);
  const probe = probes.find((each) => each.name === name) as Probe;
  if (version === undefined) return validatorsOf(probe);
  const contract = (probe.versions[version] as Probe["versions"][string])[side as Side];
  return compile(contract.schema, side === "input" ? ajvOptions : outputOptions);
}

type Side = "input" | "output";

function registryOf(probes: readonly Probe[]): string {
  const lines = probes.map(
    ({ name }) => `${JSON.stringify(name)}: { load: () => import("./${name}/probe.js"), validators: () => import("validators:${name}") },`,
  );
  return `export const builtIn = {\n${lines.join("\n")}\n};\n`;
}

function validatorsOf(probe: Probe): string {
  const versions = Object.keys(probe.versions);
  const imports = versions.flatMap((version, index) =>
    ["input", "output"].map((side) => `import ${side}${index} from "validators:${probe.name}@${version}:${side}";`),
  );
  const entries = versions.map((version, index) => `${JSON.stringify(version)}: { input: input${index}, output: output${index} },`);
  return `${imports.join("\n")}\nexport default {\n${entries.join("\n")}\n};\n`;
}

function compile(schema: unknown, options: typeof ajvOptions | typeof outputOptions): string {
  const ajv = new Ajv2020({ ...options, code: { source: true, esm: true, formats: _`formats` } });
  for (const [name, check] of Object.entries(formats)) ajv.addFormat(name, check);
  for (const name of annotations) ajv.addKeyword(name);
  return `import { formats } from "./schemas/contract.ts";\n${standalone(ajv, ajv.compile(schema as object))}`;
}
