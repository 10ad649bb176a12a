import { join } from "node:path";
import { type Daemon, startDaemon } from "../support/daemon.js";
import { freePort } from "../support/free-port.js";
import { installed } from "../support/installed.js";

export interface SmtpSink extends Daemon {
  readonly port: number;
}

/** Connections that may wait to be accepted. */
const BACKLOG = "1000";

/** Postfix's test server: takes every conversation and throws it away. Null where it is not installed. */
export async function startSmtpSink(folder: string): Promise<SmtpSink | null> {
  const program = installed("smtp-sink");
  if (program === null) return null;
  const port = await freePort();
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const daemon = await startDaemon(program, [...user, `127.0.0.1:${port}`, BACKLOG], port, join(folder, "smtp-sink.log"));
  return { port, ...daemon };
}
