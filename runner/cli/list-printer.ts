import type { Report } from "../harness/run.js";
import type { Io } from "./io.js";
import { presenter } from "./present.js";
import type { RunRequest } from "./run-request.js";
import type { RunSummary } from "./run-summary.js";
import { tableRows } from "./run-table.js";
import { styleFor } from "./style.js";

/** How the reports of many runs are printed. Each text ends with a line break. */
export interface ListPrinter {
  /** Null: the run failed to start. */
  present(report: Report | null, index: number, input: unknown): string;
  item(text: string, index: number): string;
  end(): string;
  summary(summary: RunSummary, isRepeated: boolean): Promise<void>;
}

/** `inputs`: null for a list that is still read. */
export async function listPrinter({ options, loaded }: RunRequest, inputs: readonly unknown[] | null, io: Io): Promise<ListPrinter> {
  if (options.pretty) {
    const width = io.stdout.isTty ? io.stdout.columns : Number.POSITIVE_INFINITY;
    const present = tableRows(inputs, loaded.probe.target, { width, style: styleFor(io.stdout, io.env) });
    const summary = (all: RunSummary, isRepeated: boolean): Promise<void> => io.out(`\n${all.line()}${isRepeated ? all.operations() : ""}`);
    return { present, item: (text) => text, end: () => "", summary };
  }
  const envelope = await presenter(options, io);
  const present = (report: Report | null): string => (report === null ? "null\n" : envelope(report));
  // Stdout contains only JSON.
  const summary = async (all: RunSummary, isRepeated: boolean): Promise<void> => {
    if (isRepeated) io.err(`${all.line()}${all.operations()}`);
    else if (io.stderr.isTty) io.err(all.line());
  };
  if (options.compact) return { present, item: (text) => text, end: () => "", summary };
  return { present, ...arrayOfItems(), summary };
}

/** A JSON array, item by item; the comma is written with the next item. */
function arrayOfItems(): Pick<ListPrinter, "item" | "end"> {
  let held = "";
  const item = (text: string, index: number): string => {
    const before = index === 0 ? "[\n" : `${held},\n`;
    held = text.trimEnd().replace(/^/gm, "  ");
    return before;
  };
  return { item, end: () => (held === "" ? "[]\n" : `${held}\n]\n`) };
}
