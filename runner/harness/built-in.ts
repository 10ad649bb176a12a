import type { Lab } from "./define-lab.js";
import type { Probe } from "./define-probe.js";

/** How a built-in probe is loaded. In dist/ that is a file with its precompiled validators already adopted. */
export interface BuiltIn {
  load(): Promise<{ default: Probe }>;
  /** Its local servers, if it has a lab.ts. */
  lab?(): Promise<{ default: Lab }>;
}
