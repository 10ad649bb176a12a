import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface SignedZone {
  /** Of the master file, for nsd. */
  readonly path: string;
  /** Its key, as unbound wants it. */
  readonly key: string;
}

export interface Signing {
  /** Every signature has expired. */
  expired?: boolean;
  /** Denies what is not there by NSEC3 records (RFC 5155), not by NSEC. */
  nsec3?: boolean;
  /** NSEC3 leaves unsigned delegations out. */
  optOut?: boolean;
  /** How often NSEC3 hashes a name once more. */
  iterations?: number;
  /** As ldns-keygen calls it; Ed25519 (RFC 8080) by default. */
  algorithm?: string;
  /** A change to the zone after it was signed. */
  tamper?: (text: string) => string;
}

/** A master file's head: owner names are relative to the zone. */
export function zoneHead(name: string): string {
  return `$ORIGIN ${name}.\n$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n`;
}

/** Signs a zone with a new key, in a folder below the given one. */
export function signZone(parent: string, name: string, records: string, signing: Signing = {}): SignedZone {
  const { expired = false, nsec3 = false, optOut = false, iterations, algorithm = "ED25519", tamper } = signing;
  const folder = join(parent, name);
  mkdirSync(folder);
  const run = (program: string, ...options: string[]): string => execFileSync(program, options, { cwd: folder, encoding: "utf8" }).trim();
  writeFileSync(join(folder, "zone"), `${zoneHead(name)}${records}\n`);
  const key = run("ldns-keygen", "-a", algorithm, ...(algorithm.startsWith("RSA") ? ["-b", "2048"] : []), "-k", name);
  const dates = expired ? ["-i", "20200101000000", "-e", "20200201000000"] : ["-i", daysFromNow(-1), "-e", daysFromNow(30)];
  run(
    "ldns-signzone",
    ...(nsec3 ? ["-n"] : []),
    ...(optOut ? ["-p"] : []),
    ...(iterations === undefined ? [] : ["-t", String(iterations)]),
    "-o",
    name,
    ...dates,
    "-f",
    "zone.signed",
    "zone",
    key,
  );
  const path = join(folder, "zone.signed");
  if (tamper !== undefined) writeFileSync(path, tamper(readFileSync(path, "utf8")));
  return {
    path,
    key: readFileSync(join(folder, `${key}.ds`), "utf8")
      .trim()
      .replaceAll(/\s+/g, " "),
  };
}

/** As RRSIG records have it (RFC 4034, section 3.2). */
function daysFromNow(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, "");
}
