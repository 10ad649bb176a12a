import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programPath } from "./programs.js";
import { type RunningDaemon, runDaemon } from "./run-daemon.js";

export const keygen = (...arguments_: string[]): string => execFileSync(programPath("ssh-keygen") as string, arguments_, { encoding: "utf8" });

export interface OpenSsh extends RunningDaemon {
  /** What ssh-keygen says of each host key, by its type. */
  readonly keys: ReadonlyMap<string, { readonly bits: number; readonly sha256: string }>;
}

/** sshd of OpenSSH with a host key of each kind. */
export async function startOpenSsh(lines: readonly string[] = [], moreKinds: readonly "dsa"[] = []): Promise<OpenSsh> {
  const kinds = [["ed25519", "256"], ["ecdsa", "384"], ["rsa", "3072"], ...moreKinds.map((kind) => [kind, "1024"] as const)] as const;
  // Debian's sshd wants this folder, whatever its configuration is.
  mkdirSync("/run/sshd", { recursive: true });
  const daemon = await runDaemon("sshd", programPath("sshd") as string, (folder, port) => {
    for (const [kind, bits] of kinds) keygen("-q", "-t", kind, "-b", bits, "-N", "", "-f", join(folder, kind));
    const keys = kinds.map(([kind]) => `HostKey ${join(folder, kind)}`);
    writeFileSync(
      join(folder, "sshd_config"),
      [`Port ${port}`, "ListenAddress 127.0.0.1", "UsePAM no", "StrictModes no", "PidFile none", ...keys, ...lines, ""].join("\n"),
    );
    return ["-D", "-e", "-f", join(folder, "sshd_config")];
  });
  const described = kinds.map(([kind]): [string, { bits: number; sha256: string }] => {
    const [bits, sha256] = keygen("-l", "-f", join(daemon.folder, `${kind}.pub`)).split(" ");
    const [type] = readFileSync(join(daemon.folder, `${kind}.pub`), "utf8").split(" ");
    return [type as string, { bits: Number(bits), sha256: sha256 as string }];
  });
  return { ...daemon, keys: new Map(described) };
}

export function startDropbear(): Promise<RunningDaemon> {
  return runDaemon("dropbear", programPath("dropbear") as string, (folder, port) => {
    const keys = ["ed25519", "ecdsa", "rsa"].flatMap((kind) => {
      execFileSync("dropbearkey", ["-t", kind, "-f", join(folder, kind)], { stdio: "ignore" });
      return ["-r", join(folder, kind)];
    });
    return ["-F", "-E", "-p", `127.0.0.1:${port}`, ...keys, "-P", join(folder, "pid")];
  });
}
