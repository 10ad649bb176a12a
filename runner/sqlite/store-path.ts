import { processWide } from "../support/process-wide.js";

/** A store that ends with the process. */
export const IN_MEMORY = ":memory:";
/** Beside the queue's own file. */
export const DEFAULT_FILE = ".probe-run/behaviour.db";

const chosen = processWide("behaviour-file", () => ({ path: IN_MEMORY }));

/** Where experience is kept when the environment does not say: called before the first run, by whoever starts the process. */
export function keepBehaviourIn(path: string): void {
  chosen.path = path;
}

/** PROBE_RUN_BEHAVIOUR names a file that several processes share. */
export function behaviourFile(env: Readonly<Record<string, string | undefined>>): string {
  return env.PROBE_RUN_BEHAVIOUR || chosen.path;
}
