import { chmod } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Plugin } from "esbuild";
import { probesApart } from "./build-probes.js";
import { bundle, COMMON_JS, virtual } from "./bundle.js";
import { inRepo, REPO } from "./repo.js";

/** What most starts are for: it stays in the command's own file. */
const RUN = "runner/cli/run.js";

/** By folder: the file of dist/ for what is imported from there when it is asked for. */
const APART: Readonly<Record<string, string>> = { "runner/cli/": "commands", "runner/formats/": "commands", "runner/net/dns/": "dns" };

/** The modules that a file of dist/ must hold. */
type Apart = Map<string, Set<string>>;

/**
 * cli.cjs runs a probe. What a plain run does not use lies in files of its own: every other command and all that an option asks
 * for in commands.cjs, the resolver in dns.cjs. Reading costs each start time, and the commands only grow.
 */
export async function buildCommand(probes: readonly string[]): Promise<string[]> {
  const apart: Apart = new Map(Object.values(APART).map((file) => [file, new Set()]));
  const command = await bundle({
    ...COMMON_JS,
    banner: { js: `#!/usr/bin/env node\n${COMMON_JS.banner.js}` },
    entryPoints: { cli: inRepo("runner/cli/main.ts") },
    plugins: [probesApart(probes, "require"), lazilyApart(apart)],
  });
  await chmod(inRepo("dist/cli.cjs"), 0o755);
  const rest = await Promise.all(
    [...apart].map(([file, modules]) =>
      bundle({ ...COMMON_JS, entryPoints: { [file]: "modules" }, plugins: [probesApart(probes, "require"), virtual("modules", holding(modules))] }),
    ),
  );
  return [command, ...rest].flat();
}

/** esbuild plugin: takes what is imported lazily out of those files. Notes in `apart` what each must hold. */
function lazilyApart(apart: Apart): Plugin {
  return {
    name: "lazily-apart",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ path, kind, importer, resolveDir }) => {
        const module = relative(REPO, join(resolveDir, path));
        const file = Object.entries(APART).find(([folder]) => module.startsWith(folder))?.[1];
        if (kind !== "dynamic-import" || file === undefined || module === RUN) return undefined;
        apart.get(file)?.add(module);
        const held = `require("./${file}.cjs")["${module}"]`;
        // A command is the default export of its file, which esbuild does not look for in CommonJS.
        const contents = importer.endsWith("/commands.ts") ? `export default ${held}.default;` : `module.exports = ${held};`;
        return { path: module, namespace: "apart", pluginData: contents };
      });
      build.onLoad({ filter: /.*/, namespace: "apart" }, ({ pluginData }) => ({ contents: pluginData as string }));
      build.onResolve({ filter: /^\.\/[a-z]+\.cjs$/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

/** Each module is set up when it is asked for, and no other. */
function holding(modules: ReadonlySet<string>): string {
  const getters = [...modules].sort().map((module) => `get "${module}"() { return require("./${module}"); },`);
  // This file holds a harness of its own, which knows no capability until the table is read.
  return `require("./runner/capabilities.js");\nmodule.exports = {\n${getters.join("\n")}\n};\n`;
}
