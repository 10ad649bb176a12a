import { closeSync, fchmodSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolders } from "../support/private-file.js";

const OWNER_ONLY = 0o600;
const MAX_NUMBER = 10_000;

/** Writes a file that is not there yet, for its owner only, and gives its name: a number is added where the name is taken. */
export function writeArtifact(folder: string, name: string, ending: string, content: Buffer | string): string {
  makePrivateFolders(folder);
  for (let number = 1; number <= MAX_NUMBER; number++) {
    const file = `${name}${number === 1 ? "" : `-${number}`}.${ending}`;
    const descriptor = tryCreate(join(folder, file));
    if (descriptor === null) continue;
    try {
      fchmodSync(descriptor, OWNER_ONLY);
      writeWhole(descriptor, Buffer.from(content as string));
    } finally {
      closeSync(descriptor);
    }
    return file;
  }
  throw new Error(`${folder} has ${MAX_NUMBER} files called ${name}`);
}

/** Exclusive: it follows no link, and overwrites nothing. */
function tryCreate(path: string): number | null {
  try {
    return openSync(path, "wx", OWNER_ONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return null;
    throw error;
  }
}

function writeWhole(descriptor: number, content: Buffer): void {
  for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at);
}
