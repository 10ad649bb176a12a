import { createRequire } from "node:module";
import { _ } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import standaloneModule from "ajv/dist/standalone/index.js";
import type { Plugin } from "esbuild";
import type { Probe } from "../runner/harness/define-probe.js";
import { ajvOptions, annotations, formats, type Purpose } from "../schemas/contract.js";
import { bundledText, COMMON_JS, virtual } from "./bundle.js";
import { withoutPlaces } from "./judging-code.js";
import { judging, quietly } from "./judging-schema.js";
import { REPO } from "./repo.js";

// Ajv is CommonJS: its default export is one level deeper for Node than for its types.
const standalone = standaloneModule.default;

type Side = "input" | "output";

/**
 * Code that sets `validators`: by version, then by side. Compiled now, so that a run of a built-in probe never loads Ajv. The sources stay
 * as they are: from them, Ajv compiles a contract at its first use.
 */
export async function validatorsOf({ versions }: Probe, purpose: Purpose, sides: readonly Side[]): Promise<string> {
  const modules = Object.entries(versions).flatMap(([version, contracts]) => sides.map((side) => ({ version, side, schema: contracts[side].schema })));
  const imports = modules.map(({ version, side }, index) => `import { validate as validate${index} } from "validator:${version}:${side}";`);
  const entries = Object.keys(versions).map((each) => {
    const own = modules.flatMap(({ version, side }, index) => (version === each ? [`${side}: validate${index}`] : []));
    return `"${each}": { ${own.join(", ")} },`;
  });
  const schemas = new Map(modules.map(({ version, side, schema }) => [`${version}:${side}`, schema]));
  return bundledText({
    format: "iife",
    globalName: "validators",
    // Only the engine reads what Ajv writes, at each start.
    minify: true,
    define: COMMON_JS.define,
    entryPoints: ["validators"],
    plugins: [virtual("validators", `${imports.join("\n")}\nmodule.exports = {\n${entries.join("\n")}\n};`), compiled(schemas, purpose)],
  });
}

/** esbuild plugin: what those imports mean. */
export function compiled(schemas: ReadonlyMap<string, unknown>, purpose: Purpose): Plugin {
  return {
    name: "compiled-validators",
    setup(build) {
      build.onResolve({ filter: /^validator:/ }, ({ path }) => ({ path: path.slice("validator:".length), namespace: "validator" }));
      build.onLoad({ filter: /.*/, namespace: "validator" }, ({ path }) => ({ contents: compile(schemas.get(path), purpose), resolveDir: REPO }));
      // What Ajv's code calls (the length of a string in characters, deep equality) comes into the bundle.
      build.onResolve({ filter: /^ajv\/dist\/runtime\// }, ({ path }) => ({ path: createRequire(import.meta.url).resolve(path) }));
    },
  };
}

function compile(schema: unknown, purpose: Purpose): string {
  const ajv = new Ajv2020({ ...ajvOptions[purpose], inlineRefs: false, code: { source: true, esm: true, formats: _`formats` } });
  for (const [name, check] of Object.entries(formats)) ajv.addFormat(name, check);
  for (const name of annotations) ajv.addKeyword(name);
  ajv.addKeyword(quietly);
  const code = standalone(ajv, ajv.compile((purpose === "judging" ? judging(schema) : schema) as object));
  return `import { formats } from "./schemas/contract.ts";\n${purpose === "judging" ? withoutPlaces(code) : code}`;
}
