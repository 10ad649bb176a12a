import { connect } from "node:net";
import { startTimeout } from "../../run/timeout.js";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** True as soon as one of them takes a connection. Nothing is said on it. */
export async function reaches(targets: readonly HostPort[], timeoutMs: number): Promise<boolean> {
  try {
    await Promise.any(targets.map((target) => connects(target, timeoutMs)));
    return true;
  } catch {
    return false;
  }
}

function connects(target: HostPort, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    const stopWaiting = startTimeout(timeoutMs, () => socket.destroy(new Error("timeout")));
    socket.once("connect", () => {
      resolve();
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", stopWaiting);
  });
}
