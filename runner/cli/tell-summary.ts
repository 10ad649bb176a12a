import type { RunSummary } from "../formats/run-summary.js";
import type { Io } from "./io.js";
import { formatOf } from "./present.js";
import type { RunRequest } from "./run-request.js";

/** The summary of a list on stderr: stdout holds results only. The pretty format has it in its own output. */
export function tellSummary({ options }: RunRequest, summary: RunSummary, isRepeated: boolean, io: Io): void {
  if (formatOf(options) === "pretty") return;
  if (isRepeated) io.err(`${summary.line()}${summary.operations()}`);
  else if (io.stderr.isTty) io.err(summary.line());
}
