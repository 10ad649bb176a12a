import type { Carried } from "../../schemas/carried.js";
import type { Operation } from "../../schemas/operation.js";
import type { Report } from "../harness/run.js";
import type { Mismatch } from "../suite/judge.js";
import { failureText, findingsOf, findingText } from "../suite/reason.js";
import { printableLine } from "../support/printable.js";
import { table } from "../support/table.js";

const WIDTH = 110;

/** The failed expectations, one per line, followed by what the run did. */
export function mismatchText(wrong: readonly Pick<Mismatch, "message">[], report: Report): string {
  return [...wrong.map(({ message }) => printableLine(message)), "", evidenceText(report)].join("\n");
}

/** What a run did and what it found, for the message of a test that failed. */
export function evidenceText({ probe, version, carried }: Pick<Report, "probe" | "version" | "carried">): string {
  const address = carried.ip_address === null ? "" : ` (${carried.ip_address})`;
  const failure = carried.failure === null ? [] : [`  failure  ${failureText(carried.failure)}`];
  const findings = findingsOf(carried).map((finding) => `  ${finding.severity.padEnd(7)}  ${findingText(finding)}`);
  return [`${probe}@${version}${address}: ${carried.status}`, ...[...failure, ...findings].map(printableLine), "", operationsTable(carried).trimEnd()].join(
    "\n",
  );
}

function operationsTable(carried: Carried): string {
  if (carried.operations.length === 0) return "no operation was begun";
  const broken = failingOperation(carried);
  const rows = carried.operations.map((operation) => [operation === broken ? "✗" : " ", ...cellsOf(operation)]);
  return table([" ", "operation", "at ms", "took ms", "code", "reply"], rows, WIDTH);
}

function cellsOf({ name, at_ms, duration_ms, code, message }: Operation): string[] {
  return [printableLine(name), at_ms.toFixed(1), duration_ms?.toFixed(1) ?? "never ended", code === null ? "" : String(code), printableLine(message ?? "")];
}

/** The operation that broke the run: the last of the phase that failed, for a phase without its own the last of all. */
function failingOperation({ failure, operations }: Pick<Carried, "failure" | "operations">): Operation | null {
  if (failure === null) return null;
  return operations.findLast(({ name }) => name.toLowerCase().startsWith(failure.phase)) ?? operations.at(-1) ?? null;
}
