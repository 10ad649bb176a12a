import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, listening, until } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

export interface NatsServer {
  /** Without a prefix. */
  readonly url: string;
  /** kill -9, and nothing else: its folder stays. */
  kill(): Promise<void>;
  /** On the same port, with the same folder. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A nats-server of its own with JetStream, on a free port of the loopback, with its streams in a private folder. */
export async function startNats(more: readonly string[] = []): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-nats-"));
  mkdirSync(join(folder, "streams"));
  const log = join(folder, "nats.log");
  const [port] = (await freePorts(1)) as [number];
  let pid = 0;
  const start = async (): Promise<void> => {
    pid = startProcess(port, folder, log, more);
    await listening(port, "nats-server", log);
  };
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    start,
    async kill() {
      process.kill(pid, "SIGKILL");
      await until(() => !isAlive(pid), "nats-server survives SIGKILL", log);
    },
    async stop() {
      await endProcess(pid, "nats-server", log);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startProcess(port: number, folder: string, log: string, more: readonly string[]): number {
  const output = openSync(log, "a");
  const options = ["-js", "-sd", join(folder, "streams"), "-a", "127.0.0.1", "-p", String(port), ...more];
  const { pid } = spawn(programPath("nats-server") as string, options, { stdio: ["ignore", output, output] });
  if (pid === undefined) throw new Error("nats-server does not start");
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
