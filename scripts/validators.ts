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

const SIDES = ["input", "output"] as const;

/**
 * Code that sets `validators`: by version, then by side. Compiled now, so that a run of a built-in probe never loads Ajv. The sources stay
 * as they are: from them, Ajv compiles a contract at its first use.
 */
export async function validatorsOf({ versions }: Probe, purpose: Purpose): Promise<string> {
  const modules = Object.entries(versions).flatMap(([version, contracts]) => SIDES.map((side) => [`${version}:${side}`, contracts[side].schema] as const));
  const imports = modules.map(([path], index) => `import { validate as validate${index} } from "validator:${path}";`);
  const entries = Object.keys(versions).map((version, index) => `"${version}": { input: validate${2 * index}, output: validate${2 * index + 1} },`);
  return bundledText({
    format: "iife",
    globalName: "validators",
    // Only the engine reads what Ajv writes, at each start.
    minify: true,
    define: COMMON_JS.define,
    entryPoints: ["validators"],
    plugins: [virtual("validators", `${imports.join("\n")}\nmodule.exports = {\n${entries.join("\n")}\n};`), compiled(new Map(modules), purpose)],
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
