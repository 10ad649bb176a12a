import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Output } from "../../probes/security.ssh/schema.js";
import { programPath } from "./programs.js";
import type { RunningDaemon } from "./run-daemon.js";
import { keygen } from "./ssh-servers.js";

const execute = promisify(execFile);

export interface SshFacts {
  readonly [fact: string]: unknown;
}

/** What ssh-audit reads of a server, in the same shape as sshFacts(). It shows no fingerprint of an ECDSA key. */
export async function auditedFacts(port: number): Promise<SshFacts> {
  const words = ["-j", "-t", "30", "-p", String(port), "127.0.0.1"];
  // Its exit code says that it found weak algorithms.
  const { stdout } = await execute(programPath("ssh-audit") as string, words).catch((error: { stdout: string }) => error);
  const { banner, enc, mac, kex, key, fingerprints } = JSON.parse(stdout) as AuditReport;
  return {
    banner: banner.raw,
    key_exchange: kex.map(({ algorithm }) => algorithm),
    host_key: key.map(({ algorithm }) => algorithm),
    encryption: enc,
    mac,
    fingerprints: fingerprints
      .filter(({ hash_alg }) => hash_alg === "SHA256")
      .map(({ hostkey, hash }) => `${hostkey} SHA256:${hash}`)
      .sort(),
    rsa_bits: key.find(({ algorithm }) => algorithm.startsWith("rsa-sha2-"))?.keysize,
    group_exchange_bits: kex.find(({ algorithm }) => algorithm === "diffie-hellman-group-exchange-sha256")?.keysize ?? null,
  };
}

interface AuditReport {
  readonly banner: { raw: string };
  readonly enc: string[];
  readonly mac: string[];
  readonly kex: { algorithm: string; keysize?: number }[];
  readonly key: { algorithm: string; keysize?: number }[];
  readonly fingerprints: { hostkey: string; hash_alg: string; hash: string }[];
}

export function sshFacts({ banner, algorithms, host_keys, group_exchange_bits }: Output): SshFacts {
  const shown = host_keys.filter(({ type }) => !type.startsWith("ecdsa-"));
  return {
    banner,
    key_exchange: algorithms?.key_exchange,
    host_key: algorithms?.host_key,
    encryption: algorithms?.encryption_to_client,
    mac: algorithms?.mac_to_client,
    fingerprints: shown.map(({ type, sha256 }) => `${type} ${sha256}`).sort(),
    rsa_bits: host_keys.find(({ type }) => type === "ssh-rsa")?.bits,
    group_exchange_bits,
  };
}

export const fingerprintsOf = ({ host_keys }: Output): string[] => host_keys.map(({ type, bits, sha256 }) => `${type} ${bits} ${sha256}`).sort();

/** The fingerprints of the keys that ssh-keyscan gets; it scans for these types. */
export async function scannedFingerprints({ folder, port }: RunningDaemon, types: string): Promise<string[]> {
  const { stdout } = await execute(programPath("ssh-keyscan") as string, ["-T", "30", "-t", types, "-p", String(port), "127.0.0.1"]);
  const keys = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return keys
    .map((line, at) => {
      const [, type = "", key = ""] = line.split(" ");
      writeFileSync(join(folder, `scanned-${at}.pub`), `${type} ${key}\n`);
      const [bits, sha256] = keygen("-l", "-f", join(folder, `scanned-${at}.pub`)).split(" ");
      return `${type} ${bits} ${sha256}`;
    })
    .sort();
}
