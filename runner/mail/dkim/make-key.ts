import { generateKeyPair, type KeyObject } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { makePrivateFolders } from "../../support/private-file.js";

export type KeyType = "rsa" | "ed25519";

const generate = promisify(generateKeyPair);

export async function makeKey(type: KeyType, bits: number): Promise<KeyObject> {
  if (type === "rsa") return (await generate("rsa", { modulusLength: bits })).privateKey;
  return (await generate("ed25519")).privateKey;
}

/** Where a folder of keys has this one. */
export function keyFile(folder: string, domain: string, selector: string): string {
  return join(folder, domain, `${selector}.pem`);
}

/** Writes a private key for its owner alone, and never over another. False when one is there. */
export async function writeKey(file: string, key: KeyObject): Promise<boolean> {
  makePrivateFolders(dirname(file));
  try {
    await writeFile(file, key.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
