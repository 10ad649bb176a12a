import { readFileSync } from "node:fs";

const CHECK_MS = 500;

/** What hears of it, for the commands that stop in their own way. */
const listeners = new Set<() => void>();

/**
 * Ends this process when the npx that started it is gone. npx starts a shell, which passes no signal on: without this, SIGTERM or SIGKILL
 * for npx would leave a worker or a lab that keeps running unnoticed.
 */
export function endWithNpx(environment: Readonly<Record<string, string | undefined>>): void {
  // A child of `work --processes` hears of its parent's end by the channel between them.
  if (environment.npm_command !== "exec" || process.send !== undefined) return;
  const startedBy = process.ppid;
  const above = parentOfShell(startedBy);
  const timer = setInterval(() => {
    if (process.ppid === startedBy && parentOfShell(startedBy) === above) return;
    clearInterval(timer);
    if (listeners.size === 0) process.exit(143);
    for (const listener of listeners) listener();
  }, CHECK_MS);
  timer.unref();
}

/** npx, where the parent is the shell that it starts: that one outlives a SIGKILL. Null where it is none, or the system has no such table. */
function parentOfShell(pid: number): string | null {
  try {
    return /^\d+ \((?:sh|dash|bash|ash|busybox)\) \w (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Calls back instead of ending the process. Returns a function that stops listening. */
export function onNpxGone(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
