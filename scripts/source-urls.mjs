import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

/** Not where the words are quoted. */
const IN_CODE = /(?<!["'`])\bimport\.meta\.url\b/g;

/** esbuild plugin: in a bundle, import.meta.url stays the address of the source file that says it, not the bundle's. */
export const sourceUrls = {
  name: "source-urls",
  /** @param {import("esbuild").PluginBuild} build */
  setup(build) {
    build.onLoad({ filter: /\.[cm]?ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      if (source.search(IN_CODE) < 0) return null;
      return { contents: source.replace(IN_CODE, JSON.stringify(pathToFileURL(path).href)), loader: "ts" };
    });
  },
};
