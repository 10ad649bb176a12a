import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listening, until } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

export interface RedisSettings {
  /** An append-only file that is made sure of before each answer; nothing at all otherwise. */
  readonly isPersistent: boolean;
  /** More of redis.conf, such as `["requirepass", "secret"]`. */
  readonly more?: readonly (readonly [name: string, value: string])[];
}

/** A redis-server of one's own, on a free port of the loopback, with its data in a private folder. */
export interface Redis {
  readonly port: number;
  readonly url: string;
  /** Ends it as a power cut would: it has no time to say goodbye. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with the data that it has. */
  start(): Promise<void>;
  /** Takes its folder away, and lets it try to write a snapshot there. */
  loseDisk(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedis(settings: RedisSettings): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-redis-"));
  const [port = 0] = await freePorts(1);
  let server: ChildProcess | null = null;
  let isStopped = false;
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, "exit");
    server.kill(signal);
    await gone;
  };
  const redis: Redis = {
    port,
    url: `redis://127.0.0.1:${port}/0`,
    kill: () => end("SIGKILL"),
    async start() {
      // A test that timed out may still restart it, and nothing would end that server.
      if (isStopped) throw new Error("this redis-server was stopped and cannot be restarted");
      server = launch(folder, port, settings);
      await listening(port, "redis-server", join(folder, "log"));
    },
    async loseDisk() {
      rmSync(folder, { recursive: true });
      await ask(port, "BGSAVE");
      await until(async () => (await ask(port, "INFO persistence")).includes("rdb_last_bgsave_status:err"), "redis-server does not fail", join(folder, "log"));
    },
    async stop() {
      isStopped = true;
      await end("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await redis.start();
    return redis;
  } catch (error) {
    await redis.stop();
    throw error;
  }
}

function launch(folder: string, port: number, { isPersistent, more = [] }: RedisSettings): ChildProcess {
  const persistence = isPersistent ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", ...persistence];
  const log = openSync(join(folder, "log"), "a");
  const server = spawn(programPath("redis-server") as string, [...options, ...more.flatMap(([name, value]) => [`--${name}`, ...value.split(" ")])], {
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  return server;
}

/** A command in Redis' simplest form: a line of text. */
async function ask(port: number, command: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.write(`${command}\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return answer.toString();
}
