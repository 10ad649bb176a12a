import { join, relative } from "node:path";
import type { Plugin } from "esbuild";
import { type ApartFile, apartFileOf } from "./apart-files.js";
import { REPO } from "./repo.js";

/** esbuild plugin for `file`: takes what lies in another file out of it, and says through `held` what that file must hold. */
export function lazilyApart(file: ApartFile | "cli" | "child", held: (file: ApartFile, module: string) => void): Plugin {
  return {
    name: "lazily-apart",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ path, kind, importer, resolveDir }) => {
        const module = relative(REPO, join(resolveDir, path));
        const asking = relative(REPO, importer);
        const other = kind === "dynamic-import" ? apartFileOf(module, asking, file) : null;
        if (other === null) return undefined;
        held(other, module);
        const part = `require("./${other}.cjs")["${module}"]`;
        // A command is the default export of its file, which esbuild does not look for in CommonJS.
        return {
          path: module,
          namespace: "apart",
          pluginData: asking === "runner/cli/commands.ts" ? `export default ${part}.default;` : `module.exports = ${part};`,
        };
      });
      build.onLoad({ filter: /.*/, namespace: "apart" }, ({ pluginData }) => ({ contents: pluginData as string }));
      build.onResolve({ filter: /^\.\/[a-z]+\.cjs$/ }, ({ path }) => ({ path, external: true }));
      if (file === "cli") leaveOutCapabilities(build);
    },
  };
}

/** cli.cjs runs no probe: each file that does brings the table. */
function leaveOutCapabilities(build: Parameters<Plugin["setup"]>[0]): void {
  build.onResolve({ filter: /^\.\.\/capabilities\.js$/ }, ({ path, importer }) =>
    importer.endsWith("/runner/cli/main.ts") ? { path, namespace: "nothing" } : undefined,
  );
  build.onLoad({ filter: /.*/, namespace: "nothing" }, () => ({ contents: "" }));
}
