import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { commandWords } from "../harness/command-words.js";
import { RequestError } from "../support/request-error.js";

/** Whether this worker may resolve a reference of a job (`env:NAME`, `file:PATH`, `command:…`). */
export type MayResolve = (reference: string) => Promise<boolean>;

/**
 * Reads the patterns of --allow-secret: `env:SMTP_*`, `file:/run/secrets/*`, `command:pass show mail/*`. A star matches any text without a slash or
 * white space. Paths are compared after symbolic links have been resolved on both sides, commands argument by argument.
 */
export function allowedReferences(patterns: readonly string[]): MayResolve {
  const tests = patterns.map(testOf);
  return async (reference) => {
    for (const isAllowed of tests) if (await isAllowed(reference)) return true;
    return false;
  };
}

/** For a queue that is a local file: anyone who can write to it can read the secrets anyway. */
export async function everyReference(): Promise<boolean> {
  return true;
}

function testOf(pattern: string): MayResolve {
  const [kind, wanted] = split(pattern);
  const test = TESTS[kind]?.(wanted);
  if (test === undefined || wanted === "") throw notPattern(pattern);
  return async (reference) => {
    const [asked, value] = split(reference);
    return asked === kind && (await test(value));
  };
}

function split(text: string): [kind: string, rest: string] {
  const colon = text.indexOf(":");
  return [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
}

const TESTS: Readonly<Record<string, (pattern: string) => (value: string) => boolean | Promise<boolean>>> = {
  env: (pattern) => (name) => matchesStars(pattern, name),
  file: (pattern) => {
    const segments = resolve(pattern).split("/");
    const firstStar = segments.findIndex((segment) => segment.includes("*"));
    const fixed = segments.slice(0, firstStar < 0 ? undefined : firstStar).join("/") || "/";
    const open = firstStar < 0 ? [] : segments.slice(firstStar);
    return async (path) => {
      const folder = (await resolvedPath(fixed)) ?? fixed;
      const real = await resolvedPath(path);
      return real !== null && matchesStars(join(folder.replaceAll("*", LITERAL_STAR), ...open), real);
    };
  },
  command: (pattern) => {
    const wanted = commandWords(pattern);
    return (line) => {
      const words = commandWords(line);
      return words.length === wanted.length && words.every((word, index) => matchesArgument(wanted[index] as string, word));
    };
  },
};

/** A star in a folder's own name, which is not a wildcard. */
const LITERAL_STAR = "\0";

/**
 * The absolute path without symbolic links, as opening it would follow them. If the file does not exist, only its folder is resolved. Null if it
 * cannot be resolved: then it is not allowed.
 */
async function resolvedPath(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(resolve(path));
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === resolve(path)) return null;
    const folder = await resolvedPath(parent);
    return folder === null ? null : join(folder, basename(resolve(path)));
  }
}

/** An argument matched by a star must not be an option or a path that leads out of a folder. */
function matchesArgument(pattern: string, argument: string): boolean {
  if (!matchesStars(pattern, argument)) return false;
  if (!pattern.includes("*")) return true;
  return (!argument.startsWith("-") || pattern.startsWith("-")) && !argument.split("/").includes("..");
}

/** A star matches neither a slash nor white space, so the pieces between them are compared one by one. */
function matchesStars(pattern: string, text: string): boolean {
  const wanted = pattern.split(SEPARATORS);
  const found = text.split(SEPARATORS);
  return wanted.length === found.length && wanted.every((piece, index) => matchesPiece(piece, found[index] as string));
}

const SEPARATORS = /([\s/])/;

/** In linear time: each part between stars is searched for after the previous one. */
function matchesPiece(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*").map((part) => part.replaceAll(LITERAL_STAR, "*"));
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let from = first.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

function notPattern(pattern: string): RequestError {
  const hint = "write env:NAME, file:PATH or command:PROGRAM ARGS; a star matches any text without a slash or white space";
  return new RequestError(`--allow-secret cannot use ${JSON.stringify(pattern)}`, "usage", [{ pointer: "", message: "it is not a reference", hint }]);
}
