import { processWide } from "../support/process-wide.js";

/** A store that ends with the process. */
export const IN_MEMORY = ":memory:";
/** In the same folder as the default queue. */
export const DEFAULT_FILE = ".probe-run/behaviour.db";

const chosen = processWide("behaviour-file", () => ({ path: IN_MEMORY }));

/** Sets the default file of the behaviour store; called before the first run, by the code that starts the process. */
export function setDefaultBehaviourFile(path: string): void {
  chosen.path = path;
}

/** PROBE_RUN_BEHAVIOUR gives a file that several processes share. */
export function behaviourFile(env: Readonly<Record<string, string | undefined>>): string {
  return env.PROBE_RUN_BEHAVIOUR || chosen.path;
}
