import { chmodSync, closeSync, constants, existsSync, fchmodSync, lstatSync, mkdirSync, openSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";

const OWNER_ONLY = 0o600;
const FOLDER_OF_OWNER = 0o700;
const OUR_FOLDER = ".probe-run";
const OTHERS_MAY_WRITE = 0o002;

/** Creates a file with access for its owner only, whatever the umask is; an existing file is not changed. */
export function makePrivateFile(path: string): void {
  try {
    // Exclusive: a symbolic link that another user created is not followed.
    const file = openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, OWNER_ONLY);
    fchmodSync(file, OWNER_ONLY);
    closeSync(file);
  } catch {
    // It exists or cannot be created: opening it reports the reason.
  }
}

/** Creates a folder and its missing parents, accessible by their owner only. An existing folder keeps its mode, unless it is our own .probe-run. */
export function makePrivateFolders(written: string): void {
  const path = resolve(written);
  if (existsSync(path)) {
    if (basename(path) === OUR_FOLDER && statSync(path).uid === process.getuid?.()) chmodSync(path, FOLDER_OF_OWNER);
    return;
  }
  // One by one: the umask may remove permissions that creating the next one needs.
  makePrivateFolders(dirname(path));
  mkdirSync(path, { recursive: true, mode: FOLDER_OF_OWNER });
  chmodSync(path, FOLDER_OF_OWNER);
}

/** Only one level. Throws as mkdir does. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { mode: FOLDER_OF_OWNER });
  chmodSync(path, FOLDER_OF_OWNER);
}

/**
 * The risk of a file in a world-writable folder such as /tmp: another user could have created it, or a link in its place, to run jobs or have data
 * written somewhere else. Null if there is none.
 */
export function foreignFile(path: string): string | null {
  const uid = process.getuid?.();
  if (uid === undefined) return null;
  try {
    const entry = lstatSync(path);
    if (entry.uid === uid || (statSync(dirname(path)).mode & OTHERS_MAY_WRITE) === 0) return null;
    return `${path} is ${entry.isSymbolicLink() ? "a symbolic link" : "a file"} of another user, in a folder that everyone may write to`;
  } catch {
    return null;
  }
}
