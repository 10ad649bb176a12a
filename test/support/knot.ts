import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NameServer, startDaemon } from "./nsd.js";
import { programPath } from "./programs.js";
import { zoneHead } from "./signed-zones.js";

export interface KnotZone {
  readonly records: string;
  /** As knot calls it; null: the zone is not signed. */
  readonly algorithm: string | null;
  /** Lines of the policy, such as `nsec3: on`. */
  readonly policy?: readonly string[];
}

export interface Knot extends NameServer {
  /** DS records by zone, as lines of a master file. */
  readonly keys: ReadonlyMap<string, string>;
}

/**
 * Starts knotd, which signs its zones itself, each with one key. `parent` is signed as well, and holds the DS records that `delegations` makes of
 * the zones' own.
 */
export async function startKnot(
  zones: Readonly<Record<string, KnotZone>>,
  parent: string,
  delegations: (keys: ReadonlyMap<string, string>) => string,
): Promise<Knot> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-knot-zones-"));
  const all = { ...zones, [parent]: { records: "", algorithm: "ed25519" } };
  const configuration = configurationOf(folder, all);
  const keys = keysOf(folder, all, configuration(folder, 1));
  for (const [name, { records }] of Object.entries(zones)) writeFileSync(join(folder, `${name}.zone`), `${zoneHead(name)}${records}\n`);
  writeFileSync(join(folder, `${parent}.zone`), `${zoneHead(parent)}${delegations(keys)}\n`);
  const server = await startDaemon("knotd", configuration);
  return {
    ...server,
    keys,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configurationOf(zoneFolder: string, zones: Readonly<Record<string, KnotZone>>): (folder: string, port: number) => string {
  const signed = Object.entries(zones).filter(([, { algorithm }]) => algorithm !== null);
  return (folder, port) =>
    [
      "server:",
      `  rundir: "${folder}"`,
      `  listen: 127.0.0.1@${port}`,
      "database:",
      `  storage: "${zoneFolder}"`,
      "policy:",
      ...signed.flatMap(([name, { policy = [] }]) => [`  - id: "${name}"`, "    manual: on", ...policy.map((line) => `    ${line}`)]),
      "zone:",
      ...Object.entries(zones).flatMap(([name, { algorithm }]) => [
        `  - domain: "${name}"`,
        `    file: "${join(zoneFolder, `${name}.zone`)}"`,
        "    zonefile-sync: -1",
        "    zonefile-load: difference-no-serial",
        "    journal-content: all",
        ...(algorithm === null ? [] : ["    dnssec-signing: on", `    dnssec-policy: "${name}"`]),
      ]),
    ].join("\n");
}

function keysOf(folder: string, zones: Readonly<Record<string, KnotZone>>, configuration: string): Map<string, string> {
  const file = join(folder, "keys.conf");
  mkdirSync(join(folder, "keys"), { recursive: true });
  writeFileSync(file, `${configuration}\n`);
  const manage = (...words: string[]): string => execFileSync(programPath("keymgr") as string, ["-c", file, ...words], { cwd: folder, encoding: "utf8" });
  const keys = new Map<string, string>();
  for (const [name, { algorithm }] of Object.entries(zones)) {
    if (algorithm === null) continue;
    manage(name, "generate", `algorithm=${algorithm}`, "ksk=yes", "zsk=yes");
    const [line = ""] = manage(name, "ds")
      .split("\n")
      .filter((each) => / DS [0-9]+ [0-9]+ 2 /.test(each));
    keys.set(name, line);
  }
  return keys;
}
