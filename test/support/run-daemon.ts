import { spawn } from "node:child_process";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, listening } from "./daemon.js";
import { freePorts } from "./free-ports.js";

export interface RunningDaemon {
  readonly port: number;
  /** The folder of its configuration, data and log. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Starts a program in the foreground in a private folder; `arguments_` writes its configuration there and gives its command line. */
export async function runDaemon(name: string, program: string, arguments_: (folder: string, port: number) => readonly string[]): Promise<RunningDaemon> {
  const [port] = (await freePorts(1)) as [number];
  const folder = mkdtempSync(join(tmpdir(), `probe-run-${name}-`));
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  const child = spawn(program, [...arguments_(folder, port)], { stdio: ["ignore", output, output], cwd: folder, env: { ...process.env, HOME: folder } });
  await listening(port, name, log);
  return {
    port,
    folder,
    async stop() {
      await endProcess(child.pid as number, name, log);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
