import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Account {
  readonly name: string;
  readonly id: number;
  readonly home?: string;
}

/**
 * Makes a root in which a server finds its users and the folders that are compiled into it, whatever the system has. Programs come with
 * what they are linked with: `to` their place in the root, by where they are now.
 */
export async function makePrivateRoot(root: string, programs: Readonly<Record<string, string>>, accounts: readonly Account[]): Promise<void> {
  for (const folder of ["dev", "etc", "tmp", "var/run", "var/spool"]) mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, "tmp"), 0o1777);
  writeFileSync(join(root, "etc/passwd"), accounts.map(({ name, id, home = "/nonexistent" }) => `${name}:x:${id}:${id}::${home}:/bin/sh\n`).join(""));
  writeFileSync(join(root, "etc/group"), accounts.map(({ name, id }) => `${name}:x:${id}:\n`).join(""));
  writeFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost\n");
  for (const [device, minor] of Object.entries(DEVICES)) await run("mknod", ["-m", "666", join(root, "dev", device), "c", "1", minor]);
  for (const [from, to] of Object.entries(programs)) {
    place(root, from, to);
    for (const library of await librariesOf(from)) place(root, library, library);
  }
}

/** By name, the minor number under major 1. */
const DEVICES = { null: "3", zero: "5", random: "8", urandom: "9" };

function place(root: string, from: string, to: string): void {
  const path = join(root, to);
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(from, path);
}

async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run("ldd", [program]);
  return [...stdout.matchAll(/(?:=> |^\t)(\/\S+) \(0x/gm)].map(([, path]) => path as string);
}
