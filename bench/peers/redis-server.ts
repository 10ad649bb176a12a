import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, startDaemon } from "../support/daemon.js";
import { freePort } from "../support/free-port.js";
import { installed } from "../support/installed.js";

export interface RedisServer extends Daemon {
  readonly port: number;
}

/** With an append-only file, as a queue wants it. Null where it is not installed. */
export async function startRedisServer(folder: string): Promise<RedisServer | null> {
  const program = installed("redis-server");
  if (program === null) return null;
  const port = await freePort();
  const data = join(folder, "redis");
  mkdirSync(data);
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--dir", data, "--save", "", "--appendonly", "yes", "--appendfsync", "everysec"];
  return { port, ...(await startDaemon(program, options, port, join(folder, "redis-server.log"))) };
}
