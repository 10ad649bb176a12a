import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A server that is not ours, started for the bench. */
export interface Daemon {
  readonly pid: number;
  stop(): Promise<void>;
}

const START_WITHIN_MS = 10_000;

/** Starts a program that serves a port of the loopback, and waits until it does. What it prints goes to the log. */
export async function startDaemon(command: string, args: readonly string[], port: number, log: string): Promise<Daemon> {
  const file = openSync(log, "a");
  const child = spawn(command, args, { stdio: ["ignore", file, file] });
  let ended: string | null = null;
  child.on("error", (error) => {
    ended = error.message;
  });
  child.on("exit", (code, signal) => {
    ended = `it ended with ${signal ?? code}`;
  });
  const kill = (): void => void child.kill();
  process.once("exit", kill);
  const giveUpAt = performance.now() + START_WITHIN_MS;
  while (!(await answers(port))) {
    if (ended !== null || performance.now() > giveUpAt) throw new Error(`${command} does not serve port ${port}: ${ended ?? "it took too long"}; see ${log}`);
    await sleep(20);
  }
  return {
    pid: child.pid as number,
    async stop() {
      process.off("exit", kill);
      if (ended !== null) return;
      const gone = once(child, "exit");
      child.kill();
      await gone;
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
