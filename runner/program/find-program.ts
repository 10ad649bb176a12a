import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where the first of these programs is that the system has; null if it has none. A path is taken as it is. */
export function findProgram(names: readonly string[], { PATH = "" }: NodeJS.ProcessEnv): string | null {
  const folders = PATH.split(delimiter).filter((folder) => folder !== "");
  const places = names.flatMap((name) => (name.includes("/") ? [name] : folders.map((folder) => join(folder, name))));
  return places.find(isExecutable) ?? null;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
