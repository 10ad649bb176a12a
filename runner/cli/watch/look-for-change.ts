import { type Stats, statSync } from "node:fs";
import { stat } from "node:fs/promises";

/**
 * Calls back when a file has changed since this call, also if it was removed or made. Node's watchFile looks for the first time when it has a thread
 * for it, and never notices a change that came before that.
 */
export function lookForChange(file: string, everyMs: number, changed: () => void): () => void {
  let before = markOf(statSync(file, { throwIfNoEntry: false }));
  let isStopped = false;
  const look = async (): Promise<void> => {
    const mark = markOf(await stat(file).catch(() => undefined));
    const hasChanged = mark !== before;
    before = mark;
    if (hasChanged && !isStopped) changed();
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return () => {
    isStopped = true;
    clearInterval(timer);
  };
}

function markOf(stats: Stats | undefined): string {
  return stats === undefined ? "" : `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
}
