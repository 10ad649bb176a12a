import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../support/package-root.js";
import { RequestError } from "../support/request-error.js";
import { checkedProbe } from "./checked-probe.js";
import { assertOnlyOursToWrite, findConfig } from "./config-file.js";
import type { Probe } from "./define-probe.js";

/**
 * A third-party probe: a file by its path, a package called probe-run-probe-*, or one that the config lists, by the probe's own name. Null if there
 * is none.
 */
export async function loadForeignProbe(name: string): Promise<Probe | null> {
  if (isPath(name)) return checkedProbe(name, await importFile(name));
  if (isPackage(name)) return checkedProbe(name, await importPackage(name));
  for (const entry of await configuredProbes()) {
    const probe = (await loadForeignProbe(entry)) as Probe;
    if (probe.name === name) return probe;
  }
  return null;
}

/** The entries of this project's `probe-run.config.json`: packages, and absolute paths. */
export async function configuredProbes(): Promise<string[]> {
  const path = findConfig(process.cwd());
  if (path === null) return [];
  assertOnlyOursToWrite(path);
  return entriesOf(path).map((entry) => {
    if (!isPath(entry)) return entry;
    const file = resolve(dirname(path), entry);
    if (existsSync(file)) assertOnlyOursToWrite(file);
    return file;
  });
}

export function isPath(name: string): boolean {
  return /^\.{0,2}\//.test(name) || /\.[cm]?[jt]s$/.test(name);
}

function isPackage(name: string): boolean {
  return /^(@[\w.-]+\/)?probe-run-probe-[\w.-]+$/.test(name);
}

async function importFile(name: string): Promise<unknown> {
  const path = resolve(name);
  if (!existsSync(path)) throw invalid(name, "there is no such file", "give a path to a .js or .mjs file, or a probe's name");
  return importForeign(name, pathToFileURL(path).href);
}

async function importPackage(name: string): Promise<unknown> {
  const { FROM_USER } = await import("./module-hooks.js");
  return importForeign(name, `${FROM_USER}${name}`);
}

async function importForeign(name: string, specifier: string): Promise<unknown> {
  const { installHooks } = await import("./module-hooks.js");
  installHooks({ ours: pathToFileURL(join(packageRoot(), "package.json")).href, user: pathToFileURL(join(process.cwd(), "package.json")).href });
  try {
    return ((await import(specifier)) as { default?: unknown }).default;
  } catch (error) {
    throw notLoaded(name, error as NodeJS.ErrnoException);
  }
}

function notLoaded(name: string, error: NodeJS.ErrnoException): RequestError {
  const message = error instanceof Error ? error.message : String(error);
  if (error?.code === "ERR_UNKNOWN_FILE_EXTENSION" && /\.[cm]?ts$/.test(name)) {
    return invalid(name, `Node ${process.version} does not run TypeScript`, "use Node 22.18 or newer, or compile it to JavaScript");
  }
  if (error?.code === "ERR_MODULE_NOT_FOUND" && isPackage(name) && message.includes(`'${name}'`)) {
    return invalid(name, "the package is not installed here", `run \`npm install ${name}\``);
  }
  const place = /file:\/\/[^\s)]{1,1000}:\d+(?::\d+)?/.exec(error?.stack ?? "")?.[0];
  const hint = error instanceof SyntaxError ? `run \`node --check ${name}\` to see where` : null;
  return invalid(name, `it threw while it was loaded: ${message}`, place === undefined ? hint : `see ${place}`);
}

function entriesOf(path: string): string[] {
  const bad = (message: string): RequestError =>
    new RequestError(`${path} cannot be used`, "invalid_probe", [{ pointer: "", message, hint: 'write {"probes": ["./my-probe.js", "probe-run-probe-x"]}' }]);
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw bad(`it cannot be read as JSON: ${(error as Error).message}`);
  }
  const { probes } = (config ?? {}) as { probes?: unknown };
  const isEntry = (entry: unknown): entry is string => typeof entry === "string" && (isPath(entry) || isPackage(entry));
  if (!Array.isArray(probes) || !probes.every(isEntry)) throw bad("probes must be an array of paths and of packages called probe-run-probe-*");
  return probes;
}

function invalid(name: string, message: string, hint: string | null): RequestError {
  return new RequestError(`${name} cannot be used as a probe`, "invalid_probe", [{ pointer: "", message, hint }]);
}
