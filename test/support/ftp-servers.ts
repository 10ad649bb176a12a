import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { selfSigned } from "../../runner/lab/self-signed.js";
import { programPath } from "./programs.js";
import { type RunningDaemon, runDaemon } from "./run-daemon.js";

export const FTP_ACCOUNT = { username: "ann", password: "correct-horse" };
/** The files in the directory of each server. */
export const FTP_FILES: Readonly<Record<string, string>> = { README: "hello\n", "two.txt": "two\n", "three.txt": "three\n" };

const NOBODY = 65_534;
const MODULES = "/opt/probe-run-receivers/usr/lib/proftpd";

/** vsftpd for anonymous users, which refuses a data connection that does not resume the TLS session of the control connection. */
export function startVsftpd(): Promise<RunningDaemon> {
  return runDaemon("vsftpd", programPath("vsftpd") as string, (folder, port) => {
    prepare(folder);
    mkdirSync(join(folder, "empty"));
    const settings = {
      background: "NO",
      listen: "YES",
      listen_address: "127.0.0.1",
      listen_port: port,
      anonymous_enable: "YES",
      anon_root: join(folder, "files"),
      // Its home must be there.
      ftp_username: "bin",
      secure_chroot_dir: join(folder, "empty"),
      ssl_enable: "YES",
      allow_anon_ssl: "YES",
      require_ssl_reuse: "YES",
      rsa_cert_file: join(folder, "cert.pem"),
      rsa_private_key_file: join(folder, "key.pem"),
      // The filter of system calls does not know those of newer C libraries.
      seccomp_sandbox: "NO",
      connect_from_port_20: "NO",
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    writeFileSync(join(folder, "vsftpd.conf"), `${lines.join("\n")}\n`);
    return [join(folder, "vsftpd.conf")];
  });
}

/** proftpd with one account. Without other options it refuses data connections with a new TLS session, too. */
export function startProftpd(lines: readonly string[] = []): Promise<RunningDaemon> {
  return runDaemon("proftpd", programPath("proftpd") as string, (folder, port) => {
    prepare(folder);
    const hash = execFileSync("openssl", ["passwd", "-6", FTP_ACCOUNT.password], { encoding: "utf8" }).trim();
    const account = [FTP_ACCOUNT.username, hash, NOBODY, NOBODY, "", join(folder, "files"), "/bin/sh"].join(":");
    writeFileSync(join(folder, "users"), `${account}\n`, { mode: 0o600 });
    writeFileSync(join(folder, "groups"), `nogroup:x:${NOBODY}:\n`, { mode: 0o600 });
    const settings = [
      "ServerType standalone",
      `Port ${port}`,
      "DefaultAddress 127.0.0.1",
      "UseIPv6 off",
      "User nobody",
      "Group nogroup",
      `ModulePath ${MODULES}`,
      "LoadModule mod_tls.c",
      "AuthPAM off",
      `AuthUserFile ${folder}/users`,
      `AuthGroupFile ${folder}/groups`,
      "AuthOrder mod_auth_file.c",
      "UseFtpUsers off",
      "RequireValidShell off",
      `ScoreboardFile ${folder}/scoreboard`,
      `PidFile ${folder}/proftpd.pid`,
      "DelayTable none",
      "WtmpLog off",
      "TLSEngine on",
      `TLSRSACertificateFile ${folder}/cert.pem`,
      `TLSRSACertificateKeyFile ${folder}/key.pem`,
      `TLSLog ${folder}/tls.log`,
      ...lines,
    ];
    writeFileSync(join(folder, "proftpd.conf"), `${settings.join("\n")}\n`);
    return ["-n", "-c", join(folder, "proftpd.conf")];
  });
}

/** pure-ftpd with one account. It resumes no TLS sessions. */
export function startPureFtpd(options: readonly string[] = []): Promise<RunningDaemon> {
  return runDaemon("pure-ftpd", programPath("pure-ftpd") as string, (folder, port) => {
    prepare(folder);
    const password = `${FTP_ACCOUNT.password}\n${FTP_ACCOUNT.password}\n`;
    const add = ["useradd", FTP_ACCOUNT.username, "-u", String(NOBODY), "-g", String(NOBODY), "-d", join(folder, "files")];
    const database = join(folder, "users.pdb");
    execFileSync(programPath("pure-pw") as string, [...add, "-f", join(folder, "users"), "-F", database, "-m"], { input: password, stdio: "pipe" });
    const pem = join(folder, "both.pem");
    writeFileSync(pem, readFileSync(join(folder, "key.pem"), "utf8") + readFileSync(join(folder, "cert.pem"), "utf8"), { mode: 0o600 });
    // -H: no name look-ups. -Y 1: TLS for clients that ask for it.
    return ["-S", `127.0.0.1,${port}`, "-l", `puredb:${database}`, "-Y", "1", "-2", pem, "-H", "-u", "1", "-g", join(folder, "pid"), ...options];
  });
}

function prepare(folder: string): void {
  // The servers read it as other users.
  execFileSync("chmod", ["755", folder]);
  const { certificate, key } = selfSigned({ names: ["localhost", "127.0.0.1"] });
  writeFileSync(join(folder, "cert.pem"), certificate);
  writeFileSync(join(folder, "key.pem"), key, { mode: 0o600 });
  mkdirSync(join(folder, "files"));
  for (const [name, content] of Object.entries(FTP_FILES)) writeFileSync(join(folder, "files", name), content);
}
