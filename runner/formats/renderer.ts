import type { Canvas } from "./pretty/canvas.js";
import type { RunResult } from "./run-result.js";
import type { RunSummary } from "./run-summary.js";

/** What a renderer is made for. */
export interface Setting {
  /** The results of a list, or of repeated runs, and not of one run. */
  readonly isList: boolean;
  readonly isRepeated: boolean;
  /** What each input of the list is about; null for a list that is still being read. */
  readonly targets: readonly (string | null)[] | null;
  /** For pretty: the width of the terminal, and its colours. */
  readonly canvas: Canvas;
  /** For json and jsonl: colours on a terminal. */
  readonly paint: (json: string) => string;
}

/** Writes results in one format. Each text ends with its line. */
export interface Renderer {
  /** The text of one result. Results come in any order, and `index` counts them in the order in which they are printed. */
  present(result: RunResult, index: number): string;
  /** What is printed for that text; called in order. */
  item(text: string, index: number): string;
  /** What is printed after the last one. */
  end(summary: RunSummary): string;
  /** For a format with exit codes of its own. */
  exitCode?(): number;
}

/** For formats in which each result stands by itself. */
export function eachAlone(present: Renderer["present"], end = ""): Renderer {
  return { present, item: (text) => text, end: () => end };
}
