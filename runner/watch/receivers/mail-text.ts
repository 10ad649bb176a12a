import type { IncidentEvent } from "../../../schemas/incident-event.js";
import { printable, printableLine } from "../../support/printable.js";
import type { Batch } from "./deliverer.js";

const MOST_SUBJECT = 160;
const WORDS: Readonly<Record<IncidentEvent["data"]["kind"], string>> = {
  error: "failed",
  flapping: "flapping",
  unknown: "cannot be run",
  recovered: "recovered",
  removed: "removed",
  reminder: "still failing",
};

/** [our mail] failed: mx1 greets */
export function mailSubject(events: readonly IncidentEvent[]): string {
  const suite = events[0]?.data.suite ?? "";
  const kinds = [...new Set(events.map(({ data }) => WORDS[data.kind]))];
  const counted = kinds.map((kind) => {
    const own = events.filter(({ data }) => WORDS[data.kind] === kind);
    return own.length === 1 ? `${kind}: ${own[0]?.subject}` : `${own.length} ${kind}`;
  });
  const subject = printableLine(`[${suite}] ${counted.join(", ")}`);
  return subject.length <= MOST_SUBJECT ? subject : `${[...subject].slice(0, MOST_SUBJECT - 1).join("")}…`;
}

export function mailText(events: readonly IncidentEvent[], { isRepeated, id }: Pick<Batch, "isRepeated" | "id">): string {
  const parts = events.map(({ subject, time, data }) => {
    const { kind, incident, opened_time: opened, reason } = data;
    const lines = [
      `${WORDS[kind].toUpperCase()}  ${printableLine(subject ?? "")}`,
      `  at       ${shown(time)}`,
      `  incident ${incident}, since ${shown(opened)}`,
      ...(reason === null ? [] : [`  reason   ${printable(reason).replaceAll("\n", "\n           ")}`]),
    ];
    return `${lines.join("\n")}\n`;
  });
  const again = isRepeated ? "\nThis may be the second copy of this message: an earlier attempt did not end with a clear answer.\n" : "";
  return `${parts.join("\n")}${again}\n-- \nprobe-run watch, suite ${printableLine(events[0]?.data.suite ?? "")}, notification ${id}\n`;
}

function shown(time: string | undefined): string {
  return (time ?? "").replace("T", " ").replace(/\.\d+Z$/, " UTC");
}
