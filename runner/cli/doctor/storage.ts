import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DEFAULT_QUEUE } from "../../queue/backend-options.js";
import { behaviourFile, DEFAULT_FILE, IN_MEMORY } from "../../sqlite/store-path.js";
import { foreignFile } from "../../support/private-file.js";
import type { Io } from "../io.js";
import { type Check, check } from "./check.js";

const READABLE_BY_OTHERS = 0o077;

/** The files of the queue and the caches. They contain addresses and passwords, so only their owner may read them. */
export function storageChecks({ env, cwd }: Pick<Io, "env" | "cwd">): Check[] {
  const queue = env.PROBE_RUN_QUEUE || DEFAULT_QUEUE;
  const behaviour = behaviourFile(env);
  const files = {
    Queue: queue.startsWith("sqlite:") ? queue.slice("sqlite:".length).replace(/^\/\/(?=\/)/, "") : null,
    "Mail site cache": behaviour === IN_MEMORY ? DEFAULT_FILE : behaviour,
    "DNS cache": env.PROBE_RUN_DNS_CACHE || null,
  };
  return Object.entries(files).flatMap(([name, file]) => (file === null ? [] : [fileCheck(name, file, resolve(cwd, file))]));
}

function fileCheck(name: string, shown: string, path: string): Check {
  if (!existsSync(path)) return folderCheck(name, shown, path);
  const foreign = foreignFile(path);
  if (foreign !== null) return check(name, "error", foreign, "name a file in a folder of your own");
  if (!isWritable(path) || !isWritable(dirname(path)))
    return check(name, "error", `${shown} cannot be written by this user`, `give it to this user: chown $(id -u) ${shown}`);
  if ((statSync(path).mode & READABLE_BY_OTHERS) !== 0) return check(name, "warning", `${shown} can be read or written by other users`, `chmod 600 ${shown}`);
  return check(name, "ok", `${shown} is this user's only`);
}

/** Missing folders would be created below the nearest existing one. */
function folderCheck(name: string, shown: string, path: string): Check {
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  return statSync(folder).isDirectory() && isWritable(folder)
    ? check(name, "ok", `${shown} can be created`)
    : check(name, "error", `${shown} cannot be created in ${folder}`, "run in a folder that this user can write to, or name another file");
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
