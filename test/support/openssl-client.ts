import { execFile, execFileSync } from "node:child_process";
import { programPath } from "./programs.js";

/** How openssl names the versions that it speaks. */
const FLAGS: Readonly<Record<string, string>> = { TLSv1: "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3" };
/** Suites that its default forbids. */
const ALL = "ALL:COMPLEMENTOFALL:!PSK:!SRP:@SECLEVEL=0";

/** One handshake by openssl's own client: what it says of it, or null if there was none. */
export function handshake(port: number, version: string | null, options: readonly string[]): Promise<string | null> {
  const words = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost", ...(version === null ? [] : [FLAGS[version] as string]), ...options];
  return new Promise((resolve) => {
    const child = execFile(programPath("openssl") as string, words, { timeout: 30_000 }, (_error, stdout) => {
      resolve(/Cipher is (?!\(NONE\))/.test(stdout) ? stdout : null);
    });
    child.stdin?.end();
  });
}

/** The suites of a version that a server takes, by IANA name: each handshake leaves out what the server picked before. */
export async function suitesTaken(port: number, version: string): Promise<string[]> {
  const words = ["ciphers", "-s", "-stdname", FLAGS[version] as string, ALL];
  const listed = execFileSync(programPath("openssl") as string, words, { encoding: "utf8" });
  const left = new Map([...listed.matchAll(/^(\S+)\s+-\s+(\S+)/gm)].map(([, name = "", own = ""]) => [own, name]));
  const taken: string[] = [];
  while (left.size > 0) {
    const names = [...left.keys()].join(":");
    const said = await handshake(port, version, version === "TLSv1.3" ? ["-ciphersuites", names] : ["-cipher", `${names}:@SECLEVEL=0`]);
    const [, picked = ""] = /Cipher is (\S+)/.exec(said ?? "") ?? [];
    const name = left.get(picked);
    if (name === undefined) break;
    taken.push(name);
    left.delete(picked);
  }
  return taken.sort();
}

/** Those of some questions whose handshake succeeds, four at a time. */
export async function accepted(port: number, version: string, questions: ReadonlyMap<string, readonly string[]>): Promise<string[]> {
  const found: string[] = [];
  const left = [...questions];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [name, options] = next;
      if ((await handshake(port, version, options)) !== null) found.push(name);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return found.sort();
}
