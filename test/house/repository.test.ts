import { readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { builtIn } from "../../probes/index.js";
import { PROGRAMS } from "../support/programs.js";
import { filesIn, REPO, read } from "./files.js";

// There every suite must run: one whose server is missing fails.
test.each(Object.entries(PROGRAMS))("CI installs %s where it is missing", (_name, { get }) => {
  const installed = get.startsWith("apt-get install ") ? `packages+=(${get.replace("apt-get install ", "")})` : get;
  expect(read(".ci/run")).toContain(installed);
});

describe("the lockfile", () => {
  const packages = (JSON.parse(read("package-lock.json")) as { packages: Record<string, { version?: string; link?: boolean; resolved?: string }> }).packages;

  // npm writes an optional package that it cannot find without a version, and `npm ci` then refuses the whole file.
  test("gives every package a version", () => {
    const bare = Object.entries(packages).filter(([path, entry]) => path !== "" && entry.version === undefined && entry.link !== true);
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  test("the lockfile names no registry", () => {
    expect(Object.keys(packages).filter((path) => packages[path]?.resolved !== undefined)).toEqual([]);
  });
});

describe("the package", () => {
  const { files, scripts } = JSON.parse(read("package.json")) as { files: string[]; scripts: Record<string, string> };

  test("has no script that npm runs, or asks about, when the package is installed", () => {
    expect(Object.keys(scripts).filter((name) => ["preinstall", "install", "postinstall", "prepare"].includes(name))).toEqual([]);
  });

  test("has no page with a link to a file outside of it", () => {
    const published = ["README.md", "LICENSE", "package.json", ...files];
    const pages = ["README.md", "CHANGELOG.md", ...filesIn("docs").filter((file) => file.endsWith(".md"))];
    const outside = pages.flatMap((page) => {
      const links = [...read(page).matchAll(/\]\((?!#|[a-z]+:)([^)\s#]+)/g)].map(([, link]) => normalize(join(dirname(page), link as string)));
      return links.filter((path) => !published.some((each) => path === each || path.startsWith(`${each}/`))).map((path) => `${page}: ${path}`);
    });
    expect(pages.length).toBeGreaterThan(20);
    expect(outside).toEqual([]);
  });
});

test("every dependency has its line in docs/dependencies.md", () => {
  const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string> | undefined>;
  const names = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies"].flatMap((kind) => Object.keys(manifest[kind] ?? {}));
  const lines = read("docs/dependencies.md");
  expect(names.filter((name) => !lines.includes(`\`${name}\``))).toEqual([]);
});

describe("no file", () => {
  // Put together here, so that this file passes its own test.
  const hosts = [
    ["registry", "npmjs"],
    ["registry", "yarnpkg"],
    ["npm", "pkg.github"],
    ["registry", "npmmirror"],
  ].map((parts) => parts.join("."));
  const homes = ["root", "home/[a-z]", "Users/[A-Za-z]", "work/[a-z]"].map((folder) => `(?<![\\w.~-])/${folder}`);
  const texts = filesIn().map((path) => ({ path, text: read(path) }));

  test("names the host of a package registry", () => {
    expect(texts.filter(({ text }) => hosts.some((host) => text.includes(host))).map(({ path }) => path)).toEqual([]);
  });

  test("names a folder of a user's machine", () => {
    const machine = new RegExp(`${homes.join("|")}|[A-Z]:\\\\{1,2}Users`);
    expect(texts.flatMap(({ path, text }) => (machine.test(text) ? [`${path}: ${machine.exec(text)?.[0]}`] : []))).toEqual([]);
  });
});

describe("the registry", () => {
  test("holds every folder of probes/, sorted, and nothing else", () => {
    const folders = readdirSync(join(REPO, "probes"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(Object.keys(builtIn)).toEqual(folders.map(({ name }) => name).sort());
  });

  test.each(Object.entries(builtIn))("%s: its folder has its name", async (name, entry) => {
    expect((await entry.load()).default.name).toBe(name);
  });
});
