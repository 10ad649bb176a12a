import type { Renderer, Setting } from "../renderer.js";
import { tableRows } from "./run-table.js";
import { waterfall } from "./waterfall.js";

/** For people: one run as a waterfall, a list as a table with a summary. */
export function pretty({ isList, isRepeated, targets, canvas }: Setting): Renderer {
  if (!isList) return { present: ({ report, target }) => (report === null ? "" : waterfall(report, canvas, target)), item: (text) => text, end: () => "" };
  return {
    present: tableRows(targets, canvas),
    item: (text) => text,
    end: (summary) => `\n${summary.line()}${isRepeated ? summary.operations() : ""}`,
  };
}
