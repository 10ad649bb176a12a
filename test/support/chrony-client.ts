import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { endProcess, until } from "./daemon.js";
import { programPath } from "./programs.js";

export interface ChronyClient {
  /** The fields of a report of chronyc, as `ntpdata` or `authdata`, for its one server. */
  report(command: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** A chronyd that follows a server, without setting this machine's clock. `options` are those of its server line, as `port 123 nts`. */
export async function startChronyClient(address: string, options: string, certificate: string): Promise<ChronyClient> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-chrony-client-"));
  // The socket of its commands must be in a folder that is its own.
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  writeFileSync(join(folder, "cert.pem"), certificate);
  const socket = join(folder, "run", "chronyd.sock");
  const lines = [
    "user root",
    `server ${address} iburst minpoll 0 maxpoll 0 ${options}`,
    `ntstrustedcerts ${folder}/cert.pem`,
    "port 0",
    "cmdport 0",
    `bindcmdaddress ${socket}`,
    `pidfile ${folder}/run/chronyd.pid`,
    "",
  ];
  writeFileSync(join(folder, "chrony.conf"), lines.join("\n"));
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  const child = spawn(programPath("chronyd") as string, ["-x", "-d", "-U", "-f", join(folder, "chrony.conf")], { stdio: ["ignore", output, output] });
  const report = async (command: string): Promise<string[]> => {
    const { stdout } = await promisify(execFile)(programPath("chronyc") as string, ["-h", socket, "-n", "-c", command]);
    return (stdout.split("\n")[0] as string).split(",");
  };
  const stop = async (): Promise<void> => {
    await endProcess(child.pid as number, "chronyd", log);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    // The server that it follows has stratum 3: from its first reply on.
    await until(async () => (await report("ntpdata").catch(() => [])).at(8) === "3", "chronyd has no reply of its server", log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { report, stop };
}
