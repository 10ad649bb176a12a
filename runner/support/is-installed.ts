import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether the PATH leads to a program of this name. */
export function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => isExecutableFile(join(folder, program)));
}

/** Whether a program can be started, by its path or by its name in the PATH. */
export function isExecutable(program: string): boolean {
  return program.includes("/") ? isExecutableFile(program) : isInstalled(program);
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
