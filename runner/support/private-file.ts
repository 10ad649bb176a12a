import { chmodSync, closeSync, constants, existsSync, fchmodSync, lstatSync, mkdirSync, openSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";

const OWNER_ONLY = 0o600;
const FOLDER_OF_OWNER = 0o700;
const OUR_FOLDER = ".probe-run";
const OTHERS_MAY_WRITE = 0o002;

/** Makes a file that only its owner may read and write, whatever the umask says; one that exists is left as it is. */
export function makePrivateFile(path: string): void {
  try {
    // Exclusive: a symbolic link that somebody put there is not followed.
    const file = openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, OWNER_ONLY);
    fchmodSync(file, OWNER_ONLY);
    closeSync(file);
  } catch {
    // It exists, or cannot be made: whoever opens it reports that in its own words.
  }
}

/** Makes a folder, and those above it that are missing, for its owner only. One that exists keeps its mode, unless it is our own: .probe-run. */
export function makePrivateFolders(written: string): void {
  const path = resolve(written);
  if (existsSync(path)) {
    if (basename(path) === OUR_FOLDER && statSync(path).uid === process.getuid?.()) chmodSync(path, FOLDER_OF_OWNER);
    return;
  }
  // One by one: the umask may take away what the owner needs to make the next.
  makePrivateFolders(dirname(path));
  mkdirSync(path, { recursive: true, mode: FOLDER_OF_OWNER });
  chmodSync(path, FOLDER_OF_OWNER);
}

/** One folder deep. Throws as mkdir does. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { mode: FOLDER_OF_OWNER });
  chmodSync(path, FOLDER_OF_OWNER);
}

/**
 * What is wrong with a file in a folder that everyone may write to, such as /tmp: another user could have put it there, or a link in its place,
 * to have jobs run or data written where they choose. Null if nothing is.
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
