import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "../../run/clock.js";
import { failureError } from "../../run/failure-error.js";
import type { RunView } from "../../run/run-state.js";
import { processWide } from "../../support/process-wide.js";

/** How often a run that waits for its turn asks again. */
const ASK_AGAIN_MS = 50;

const taken = processWide("host-turns", () => new Set<string>());

/**
 * Waits until no other run of this machine holds the turn of this name, and gives what hands it on. A name in Linux's abstract namespace is
 * the lock between processes: only one can listen on it, and the system frees it however the process ends. Elsewhere it holds within the
 * process only. Rejects with a FailureError at the end of the run.
 */
export async function hostTurn(run: Pick<RunView, "deadline">, purpose: string, host: string): Promise<() => void> {
  const name = `probe-run ${purpose} ${host.toLowerCase()}`;
  for (const began = monotonic(); ; await sleep(ASK_AGAIN_MS)) {
    const { reason } = run.deadline;
    if (reason !== null) throw failureError("probe", reason, `waited ${Math.round(monotonic() - began)} ms for another run of ${purpose} to ${host}`);
    if (taken.has(name)) continue;
    taken.add(name);
    const server = await tryListen(name);
    if (server !== "taken") return () => release(name, server);
    taken.delete(name);
  }
}

function release(name: string, server: Server | null): void {
  taken.delete(name);
  server?.close();
}

async function tryListen(name: string): Promise<Server | "taken" | null> {
  if (process.platform !== "linux") return null;
  const server = createServer((socket) => void socket.destroy());
  server.listen({ path: `\0${name}`, exclusive: true });
  try {
    await once(server, "listening");
    return server.unref();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return "taken";
    throw error;
  }
}
