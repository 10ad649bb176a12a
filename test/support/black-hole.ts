import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";

export interface BlackHole {
  close(): Promise<void>;
}

/** Listens with the smallest backlog and never accepts a connection. */
const NEVER_ACCEPTS = `
  const { createServer } = require("node:net");
  const { parentPort, workerData } = require("node:worker_threads");
  const server = createServer().listen({ ...workerData, backlog: 1 }, () => {
    parentPort.postMessage("listening");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** How long a connect on the loopback may take before the backlog counts as full. */
const FULL_AFTER_MS = 100;

/** An address and port on which connecting neither works nor fails: the system's queue of connections is full. */
export async function blackHole(host: string, port: number): Promise<BlackHole> {
  const worker = new Worker(NEVER_ACCEPTS, { eval: true, workerData: { host, port } });
  await new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
  });
  const fillers: Socket[] = [];
  while (await connects(host, port, fillers));
  return {
    async close() {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}

function connects(host: string, port: number, fillers: Socket[]): Promise<boolean> {
  const socket = connect({ host, port });
  fillers.push(socket);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), FULL_AFTER_MS);
    socket.once("error", () => {});
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
