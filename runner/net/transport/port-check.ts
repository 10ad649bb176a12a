import { connect } from "node:net";

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
    const timer = setTimeout(() => socket.destroy(new Error("timeout")), timeoutMs);
    socket.once("connect", () => {
      resolve();
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => clearTimeout(timer));
  });
}
