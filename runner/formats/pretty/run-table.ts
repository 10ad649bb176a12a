import { cut, pad } from "../../support/text-width.js";
import { oneLine, type RunResult, reasonOf } from "../run-result.js";
import type { Canvas } from "./canvas.js";

const MARKS = { ok: "✔", warning: "▲", error: "✘" } as const;
const WIDEST_TARGET = 40;
const STATUS_WIDTH = "✔ warning".length;
const DURATION_WIDTH = "120000.0 ms".length;

/** One row per run, printed as it ends: the target, its status, the duration, and what is wrong. `targets`: null for a list that is still being read. */
export function tableRows(targets: readonly (string | null)[] | null, { width, style }: Canvas): (result: RunResult, index: number) => string {
  const shown = (target: string | null, index: number): string => cut(oneLine(target ?? `input ${index}`), WIDEST_TARGET);
  const targetWidth =
    targets === null ? WIDEST_TARGET : targets.reduce<number>((widest, target, index) => Math.max(widest, [...shown(target, index)].length), 0);
  return (result, index) => {
    const name = pad(shown(result.target, targets === null ? index : index % targets.length), targetWidth);
    if (result.report === null) return `${style.red("✘ could not run".padEnd(STATUS_WIDTH))}  ${name}\n`;
    const { status, duration_ms: duration } = result.report.carried;
    const paint = { ok: style.green, warning: style.yellow, error: style.red }[status];
    const cells = [paint(`${MARKS[status]} ${status}`.padEnd(STATUS_WIDTH)), `${duration.toFixed(1)} ms`.padStart(DURATION_WIDTH), name].join("  ");
    const room = width - STATUS_WIDTH - DURATION_WIDTH - targetWidth - 6;
    return `${`${cells}  ${room > 10 ? cut(reasonOf(result), room) : ""}`.trimEnd()}\n`;
  };
}
