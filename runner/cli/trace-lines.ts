import type { TraceEvent } from "../run/recorder.js";
import { printableLine } from "../support/printable.js";

const MARKS = { sent: "→", received: "←", note: "·" } as const;

/** The lines of the conversation for one event, each with its time. Secrets are masked already. */
export function traceLines({ at_ms, direction, text, part }: TraceEvent, prefix = ""): string {
  const lines = text.split(/\r?\n/);
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  const at = `${at_ms.toFixed(3).padStart(10)} ms`;
  const whose = part === undefined ? "" : ` ${part}`;
  return lines.map((line) => `${prefix}${at}${whose} ${MARKS[direction]} ${printableLine(line)}\n`).join("");
}
