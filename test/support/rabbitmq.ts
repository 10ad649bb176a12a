import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, listening, until } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

export interface RabbitMq {
  readonly url: string;
  /** kill -9, and nothing else: its folder stays. */
  kill(): Promise<void>;
  /** It keeps its connections, and does nothing more. */
  freeze(): void;
  thaw(): void;
  /** On the same ports, with the same folder. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Plan {
  readonly folder: string;
  readonly log: string;
  readonly port: number;
  readonly distributionPort: number;
  readonly namesPort: number;
}

/** A RabbitMQ of its own, with the daemon that keeps Erlang's names (epmd), on free ports of the loopback, in a private folder. `more`: lines of rabbitmq.conf. */
export async function startRabbitMq(more: readonly string[] = []): Promise<RabbitMq> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-rabbitmq-"));
  const [port, distributionPort, namesPort] = (await freePorts(3)) as [number, number, number];
  const plan: Plan = { folder, log: join(folder, "rabbitmq.log"), port, distributionPort, namesPort };
  prepareFolder(plan, more);
  const names = await startNames(plan);
  const start = async (): Promise<void> => {
    rmSync(pidFile(plan), { force: true });
    spawnLogged(programPath("rabbitmq-server") as string, [], plan, environmentOf(plan));
    await up(plan);
  };
  await start();
  return {
    url: `amqp://127.0.0.1:${port}`,
    start,
    freeze: () => void process.kill(pidOf(plan), "SIGSTOP"),
    thaw: () => void process.kill(pidOf(plan), "SIGCONT"),
    async kill() {
      const pid = pidOf(plan);
      process.kill(pid, "SIGKILL");
      await until(() => !isAlive(pid), "RabbitMQ survives SIGKILL", plan.log);
    },
    async stop() {
      await endProcess(pidOf(plan), "RabbitMQ", plan.log);
      await endProcess(names, "epmd", plan.log);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Started by root, RabbitMQ becomes its own user, who has to get through. */
function prepareFolder({ folder, port }: Plan, more: readonly string[]): void {
  for (const path of [folder, join(folder, "mnesia"), join(folder, "log")]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o777);
  }
  writeFileSync(join(folder, "rabbitmq.conf"), `${[`listeners.tcp.1 = 127.0.0.1:${port}`, ...more].join("\n")}\n`);
  writeFileSync(join(folder, "enabled_plugins"), "[].\n");
}

/** Erlang would start it by itself, as a daemon that outlives the test. */
async function startNames(plan: Plan): Promise<number> {
  const pid = spawnLogged("epmd", ["-address", "127.0.0.1", "-port", String(plan.namesPort)], plan, process.env);
  await listening(plan.namesPort, "epmd", plan.log);
  return pid;
}

function environmentOf(plan: Plan): NodeJS.ProcessEnv {
  const { folder, distributionPort, namesPort } = plan;
  return {
    ...process.env,
    ERL_EPMD_ADDRESS: "127.0.0.1",
    ERL_EPMD_PORT: String(namesPort),
    // The Erlang nodes' own port, on the loopback only; one thread is enough.
    ERL_FLAGS: "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "no-rabbitmq-env.conf"),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_LOGS: "-",
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_NODENAME: `probe-run-${plan.port}@localhost`,
    RABBITMQ_PID_FILE: pidFile(plan),
  };
}

/** It takes some four seconds, and more on a busy machine: longer than one look waits. */
async function up(plan: Plan): Promise<void> {
  const looks = 6;
  for (let look = 1; ; look++) {
    try {
      return await listening(plan.port, "RabbitMQ", plan.log);
    } catch (error) {
      if (look === looks) throw error;
    }
  }
}

function spawnLogged(program: string, options: readonly string[], { log }: Plan, env: NodeJS.ProcessEnv): number {
  const output = openSync(log, "a");
  const { pid } = spawn(program, options, { stdio: ["ignore", output, output], env });
  if (pid === undefined) throw new Error(`${program} does not start`);
  return pid;
}

function pidFile({ folder }: Plan): string {
  return join(folder, "mnesia", "pid");
}

function pidOf(plan: Plan): number {
  return Number(readFileSync(pidFile(plan), "utf8"));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
