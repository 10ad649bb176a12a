import { spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, until } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

export interface Iperf3Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** A server of iperf3 on the loopback. That it listens is read in its log: a connection that says nothing would count as a test. */
export async function startIperf3(...options: readonly string[]): Promise<Iperf3Server> {
  const [port] = (await freePorts(1)) as [number];
  const folder = mkdtempSync(join(tmpdir(), "probe-run-iperf3-"));
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  const args = ["--server", "--port", String(port), "--bind", "127.0.0.1", "--forceflush", ...options];
  const child = spawn(programPath("iperf3") as string, args, { stdio: ["ignore", output, output], cwd: folder });
  await until(() => readFileSync(log, "utf8").includes("Server listening"), "iperf3 does not listen", log);
  return {
    port,
    async stop() {
      await endProcess(child.pid as number, "iperf3", log);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
