import type { Carried } from "../../schemas/carried.js";
import type { Failure } from "../../schemas/failure.js";
import type { Finding } from "../../schemas/finding.js";
import type { Operation } from "../../schemas/operation.js";
import { printable, printableLine } from "../cli/printable.js";
import { table } from "../cli/table.js";
import type { Report } from "../run.js";

const WIDTH = 110;

/** What a run did and what it found, for the message of a test that failed. */
export function evidenceText({ probe, version, carried }: Pick<Report, "probe" | "version" | "carried">): string {
  const address = carried.ip_address === null ? "" : ` (${carried.ip_address})`;
  const lines = [
    `${probe}@${version}${address}: ${carried.status}${carried.failure === null ? "" : `, ${failureText(carried.failure)}`}`,
    ...findingsOf(carried).map(findingText),
    "",
    operationsTable(carried).trimEnd(),
  ];
  return printable(lines.join("\n")).trimEnd();
}

function failureText({ phase, code, message, reply_code, enhanced_code }: Failure): string {
  const reply = [reply_code, enhanced_code].filter((part) => part !== null).join(" ");
  return `${code} in ${phase}${reply === "" ? "" : ` (${reply})`}: ${printableLine(message)}`;
}

function findingText({ severity, reason, message, expected, actual }: Finding): string {
  const compared = expected === null ? "" : ` (expected ${expected}${actual === null ? "" : `, got ${actual}`})`;
  return `${severity} ${reason}: ${printableLine(message)}${compared}`;
}

/** Not every probe judges: those that do have `findings` in their output. */
function findingsOf(carried: Carried): readonly Finding[] {
  const { findings } = carried as Carried & { findings?: readonly Finding[] };
  return Array.isArray(findings) ? findings : [];
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
export function failingOperation({ failure, operations }: Pick<Carried, "failure" | "operations">): Operation | null {
  if (failure === null) return null;
  return operations.findLast(({ name }) => name.toLowerCase().startsWith(failure.phase)) ?? operations.at(-1) ?? null;
}
