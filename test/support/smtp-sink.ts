import { spawn } from "node:child_process";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, listening } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

export interface SmtpSink {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts postfix's smtp-sink, which takes any message and throws it away. `options` are its own, such as -f, -W or -e. */
export async function startSmtpSink(options: readonly string[] = []): Promise<SmtpSink> {
  const [port] = (await freePorts(1)) as [number];
  const folder = mkdtempSync(join(tmpdir(), "probe-run-sink-"));
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  // As root it requires a user to switch to.
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const child = spawn(programPath("smtp-sink") as string, [...user, ...options, `127.0.0.1:${port}`, "1000"], {
    stdio: ["ignore", output, output],
    cwd: folder,
  });
  await listening(port, "smtp-sink", log);
  return {
    host: "127.0.0.1",
    port,
    async stop() {
      await endProcess(child.pid as number, "smtp-sink", log);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
