import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { RequestError } from "../support/request-error.js";

const CONFIG = "probe-run.config.json";
/** What marks the root of a project. */
const ROOT_MARKS = ["package.json", ".git"];

/**
 * The configuration file of a folder's project: in the folder, or above it up to the project's root or the home folder. Outside both, only the folder
 * itself counts, since anyone may own the folders above it (/tmp). Null if there is none.
 */
export function findConfig(from: string, home = homedir()): string | null {
  const folders = foldersUpTo(from, home);
  return folders.map((folder) => join(folder, CONFIG)).find((path) => existsSync(path)) ?? null;
}

function foldersUpTo(from: string, home: string): string[] {
  const folders: string[] = [];
  for (let folder = from; ; folder = dirname(folder)) {
    folders.push(folder);
    if (folder === home || ROOT_MARKS.some((mark) => existsSync(join(folder, mark)))) return folders;
    if (folder === dirname(folder)) return [from];
  }
}

/** It lists code to run, so a file that another user owns or may write to is rejected. */
export function assertOnlyOursToWrite(path: string): void {
  const { uid, mode } = statSync(path);
  const self = process.getuid?.();
  if (self === undefined) return;
  if (uid !== self && uid !== 0) throw unsafe(path, `it belongs to another user (uid ${uid})`, "copy it, or run as its owner");
  if ((mode & 0o022) !== 0) throw unsafe(path, "its group or everyone may write it", `run \`chmod go-w ${path}\``);
}

function unsafe(path: string, message: string, hint: string): RequestError {
  return new RequestError(`${path} cannot be used`, "invalid_probe", [{ pointer: "", message, hint }]);
}
