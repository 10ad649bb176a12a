import type { Need } from "./capabilities.js";
import type { Lab, LabServer } from "./define-lab.js";
import type { Probe } from "./define-probe.js";
import type { Target } from "./target.js";

/** How a built-in probe is loaded. In dist/ that is a file with its precompiled validators already adopted. */
export interface BuiltIn {
  load(): Promise<{ default: Probe }>;
  /** Its local servers, if it has a lab.ts. */
  lab?(): Promise<{ default: Lab }>;
}

/** What a built-in probe says of itself, without its code: what lists probes loads none of them. */
export interface CatalogueEntry {
  readonly name: string;
  /** Newest first. */
  readonly versions: readonly string[];
  readonly needs: readonly Need[];
  readonly summary: string;
  readonly target: Target | null;
  /** Its conversations can be recorded and replayed, at least those of some inputs. */
  readonly isReplayable?: true;
}

/** What a server of a built-in lab says of itself, without starting it. */
export type LabOutline = Pick<LabServer, "name" | "summary">;
