import { processWide } from "../support/process-wide.js";

/** The files that a warning was about. */
const warned = processWide("store-warnings", () => new Set<string>());

/**
 * Opens a store whose content is worth keeping, but not worth a failed run: if its file cannot be used, a warning says so once, and `instead`
 * takes its place. `setting` is the environment variable that names another file.
 */
export function openOrWarn<Store, Instead>(path: string, setting: string, open: () => Store, instead: () => Instead): Store | Instead {
  try {
    return open();
  } catch (error) {
    if (!warned.has(path)) warn(path, setting, error as Error);
    return instead();
  }
}

function warn(path: string, setting: string, { message }: Error): void {
  warned.add(path);
  const text = `${path} cannot be used, so what it would hold is in memory only: ${message}. Name another file in ${setting}`;
  // A warning of Node is printed to standard error, can be listened to, and can be disabled.
  process.emitWarning(text, { type: "StoreWarning", code: "PROBE_RUN_STORE" });
}
