import type { Report } from "../harness/run.js";

/** What became of one input. */
export type Outcome = { readonly report: Report; readonly error: null } | { readonly report: null; readonly error: Error };

/** One input that a process is to run. Another process may get it as long as it has not begun. */
export interface Assignment {
  readonly index: number;
  readonly input: unknown;
  /** Null: it has not begun, and is not run any more. */
  resolve(outcome: Outcome | null): void;
  /** No process can run it. */
  reject(error: Error): void;
}
