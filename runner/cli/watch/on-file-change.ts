import type { Io } from "../io.js";
import { lookForChange } from "./look-for-change.js";

const LOOK_EVERY_MS = 2000;

/**
 * Calls back when one of the files has changed and on SIGHUP, one call at a time; a call returns the files from then on, or null for the same ones.
 * Returns a function that stops, and waits for a call that is running.
 */
export function onFileChange(first: readonly string[], io: Io, changed: () => Promise<readonly string[] | null>): () => Promise<void> {
  const looking = new Map<string, () => void>();
  let last: Promise<void> = Promise.resolve();
  let isStopped = false;
  const heard = (): void => {
    last = last.then(async () => {
      const next = isStopped ? null : await changed();
      if (next !== null && !isStopped) look(next);
    });
  };
  const look = (next: readonly string[]): void => {
    for (const [file, stop] of looking) {
      if (next.includes(file)) continue;
      stop();
      looking.delete(file);
    }
    for (const file of next) if (!looking.has(file)) looking.set(file, lookForChange(file, LOOK_EVERY_MS, heard));
  };
  look(first);
  const stopHangup = io.onHangup?.(heard);
  return async () => {
    isStopped = true;
    look([]);
    stopHangup?.();
    await last;
  };
}
