import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Probe } from "./define-probe.js";
import { RequestError } from "./request-error.js";

/** A probe that is not ours: a file by its path, or a package called probe-run-probe-*. Null when there is none. */
export async function loadForeignProbe(name: string): Promise<Probe | null> {
  if (!isPath(name)) return null;
  const path = resolve(name);
  if (!existsSync(path)) throw invalid(name, "there is no such file", "give a path to a .js or .mjs file, or a probe's name");
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  return checked(name, module.default);
}

export function isPath(name: string): boolean {
  return /^\.{0,2}\//.test(name) || /\.[cm]?[jt]s$/.test(name);
}

function checked(name: string, exported: unknown): Probe {
  const probe = exported as Probe | undefined;
  if (typeof probe?.run === "function" && typeof probe.versions === "object") return probe;
  throw invalid(name, "its default export is not a probe", "write `export default defineProbe({…})`");
}

function invalid(name: string, message: string, hint: string): RequestError {
  return new RequestError(`${name} cannot be used as a probe`, "invalid_probe", [{ pointer: "", message, hint }]);
}
