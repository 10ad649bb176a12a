import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, listening } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

export interface Postgrey {
  /** For a check_policy_service. */
  readonly service: string;
  stop(): Promise<void>;
}

/** Starts postgrey with an empty database: a client that retries after `delaySeconds` passes. */
export async function startPostgrey(delaySeconds: number): Promise<Postgrey> {
  const [port] = (await freePorts(1)) as [number];
  const folder = mkdtempSync(join(tmpdir(), "probe-run-postgrey-"));
  chmodSync(folder, 0o755);
  const database = join(folder, "db");
  mkdirSync(database, { mode: 0o777 });
  chmodSync(database, 0o777);
  writeFileSync(join(folder, "empty"), "");
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  const options = [
    `--inet=127.0.0.1:${port}`,
    `--dbdir=${database}`,
    `--delay=${delaySeconds}`,
    "--auto-whitelist-clients=0",
    `--whitelist-clients=${join(folder, "empty")}`,
    `--whitelist-recipients=${join(folder, "empty")}`,
    "--hostname=mx.example.org",
  ];
  const child = spawn(programPath("postgrey") as string, options, { stdio: ["ignore", output, output], cwd: folder });
  await listening(port, "postgrey", log);
  return {
    service: `inet:127.0.0.1:${port}`,
    async stop() {
      await endProcess(child.pid as number, "postgrey", log);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
