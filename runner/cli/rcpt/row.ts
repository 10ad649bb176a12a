import type { OutputOf } from "../../harness/probe-types.js";
import { recordOf } from "../input/csv.js";
import type { Entry, ListFormat } from "./list.js";

export type RcptResult = OutputOf<"mail.rcpt@1.0.0">["results"][number];

/** The columns of a list's results, in this order. */
const FIELDS = [
  "verdict",
  "confidence",
  "rule",
  "category",
  "reason",
  "code",
  "enhanced_code",
  "message",
  "mx_host",
  "decided_at",
  "retry_after_ms",
  "catch_all",
  "elapsed_ms",
  "error",
] as const satisfies readonly (keyof RcptResult)[];

export function headOf(format: ListFormat): string {
  return format === "csv" ? recordOf(["line", "email", ...FIELDS]) : "";
}

export function rowOf({ line, email }: Entry, result: RcptResult, format: ListFormat): string {
  const values = FIELDS.map((field) => [field, result[field]] as const);
  if (format === "csv") return recordOf([line, email, ...values.map(([, value]) => value)]);
  return `${JSON.stringify({ line, email, ...Object.fromEntries(values) })}\n`;
}

/** True for a parsed JSONL line that rowOf() wrote. */
export function isRow(value: unknown): value is { line: number; email: string } & Record<string, unknown> {
  if (value === null || typeof value !== "object") return false;
  const row = value as Record<string, unknown>;
  return Number.isInteger(row.line) && typeof row.email === "string" && FIELDS.every((field) => field in row);
}
