import type { Report } from "../harness/run.js";
import { fieldsOfTarget, type Target } from "../harness/target.js";
import { printable, printableLine } from "../support/printable.js";
import { cut, pad } from "../support/text-width.js";
import { targetsOf } from "./targets.js";
import type { Canvas } from "./waterfall.js";

const MARKS = { ok: "✔", warning: "▲", error: "✘" } as const;
const WIDEST_TARGET = 40;
const STATUS_WIDTH = "✔ warning".length;
const DURATION_WIDTH = "120000.0 ms".length;

/** One row per run, printed as it ends: the target, its status, the duration, and what is wrong. `inputs`: null for a list that is still being read. */
export function tableRows(
  inputs: readonly unknown[] | null,
  target: Target | undefined,
  { width, style }: Canvas,
): (report: Report | null, index: number, input: unknown) => string {
  const shown = (input: unknown, index: number): string => cut(printableLine(printable(nameOf(input, target) ?? `input ${index}`)), WIDEST_TARGET);
  const targetWidth = inputs === null ? WIDEST_TARGET : inputs.reduce<number>((widest, input, index) => Math.max(widest, [...shown(input, index)].length), 0);
  return (report, index, input) => {
    const name = pad(shown(input, index), targetWidth);
    if (report === null) return `${style.red("✘ could not run".padEnd(STATUS_WIDTH))}  ${name}\n`;
    const { status, duration_ms: duration } = report.carried;
    const paint = { ok: style.green, warning: style.yellow, error: style.red }[status];
    const cells = [paint(`${MARKS[status]} ${status}`.padEnd(STATUS_WIDTH)), `${duration.toFixed(1)} ms`.padStart(DURATION_WIDTH), name].join("  ");
    const room = width - STATUS_WIDTH - DURATION_WIDTH - targetWidth - 6;
    return `${`${cells}  ${room > 10 ? cut(reasonOf(report), room) : ""}`.trimEnd()}\n`;
  };
}

/** Taken from the probe's target fields, otherwise from fields that usually hold a target. */
function nameOf(input: unknown, target: Target | undefined): string | null {
  if (input === null || typeof input !== "object") return null;
  const fields = input as Readonly<Record<string, unknown>>;
  const values = target === undefined ? [] : fieldsOfTarget(target).flatMap((field) => fields[field] ?? []);
  // A URL may contain a password.
  if (values.length > 0) return values.map((value) => String(value).replace(/\/\/[^/@]*@/, "//")).join(":");
  const [first] = targetsOf(fields);
  return first === undefined ? null : [first.host, first.port].filter((part) => part !== null).join(":");
}

function reasonOf({ carried }: Report): string {
  const { failure } = carried;
  if (failure !== null) return printableLine(printable(`${failure.phase}: ${failure.code}: ${failure.message}`));
  const { findings = [] } = carried as { findings?: readonly { severity?: string; message?: string }[] };
  const [worst] = [...findings].sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
  return carried.status === "ok" || worst?.message === undefined ? "" : printableLine(printable(worst.message));
}
