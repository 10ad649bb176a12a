import { readFileSync } from "node:fs";
import { connect } from "node:net";

/** For a daemon that hangs: on a busy machine, starting one takes many times as long as on an idle one. */
const TIMEOUT_MS = 60_000;

/** Resolves when a server accepts connections on the port. */
export async function listening(port: number, what: string, log: string): Promise<void> {
  await until(() => accepts(port), `${what} does not listen on port ${port}`, log);
}

/** Ends a process that we started, and resolves when it is gone. */
export async function endProcess(pid: number, what: string, log: string): Promise<void> {
  if (isAlive(pid)) process.kill(pid, "SIGTERM");
  await until(() => !isAlive(pid), `${what} (process ${pid}) does not end`, log);
}

/** Polls, and at last gives up with what the daemon wrote. */
export async function until(condition: () => boolean | Promise<boolean>, complaint: string, log: string): Promise<void> {
  const giveUpAt = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`${complaint}. Its log ends with:\n${tail(log)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function tail(log: string): string {
  try {
    return readFileSync(log, "utf8").slice(-2000);
  } catch {
    return "(no log)";
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
