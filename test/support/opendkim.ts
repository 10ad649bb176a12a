import { spawn } from "node:child_process";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, listening } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

export interface OpenDkim {
  /** For postfix's smtpd_milters. */
  readonly milter: string;
  stop(): Promise<void>;
}

/** Starts an opendkim of its own that verifies and signs nothing. It asks no name server: these key records are all there are. */
export async function startOpenDkim(authservId: string, records: Readonly<Record<string, string>>): Promise<OpenDkim> {
  const [port] = (await freePorts(1)) as [number];
  const folder = mkdtempSync(join(tmpdir(), "probe-run-opendkim-"));
  const configuration = join(folder, "opendkim.conf");
  const keys = join(folder, "keys");
  const log = join(folder, "output.log");
  const lines = Object.entries(records).map(([name, value]) => `${name} ${value}\n`);
  writeFileSync(keys, lines.join(""));
  writeFileSync(configuration, configurationOf(port, authservId, keys));
  const output = openSync(log, "a");
  const child = spawn(programPath("opendkim") as string, ["-f", "-x", configuration], { stdio: ["ignore", output, output] });
  await listening(port, "opendkim", log);
  return {
    milter: `inet:127.0.0.1:${port}`,
    async stop() {
      await endProcess(child.pid as number, "opendkim", log);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configurationOf(port: number, authservId: string, keys: string): string {
  const settings = {
    Socket: `inet:${port}@127.0.0.1`,
    Mode: "v",
    AuthservID: authservId,
    AlwaysAddARHeader: "yes",
    TestDNSData: `file:${keys}`,
    // By default, clients on this machine are internal hosts, whose messages are not verified.
    InternalHosts: "192.0.2.255",
    Syslog: "no",
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join("");
}
