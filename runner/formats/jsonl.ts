import { eachAlone, type Renderer, type Setting } from "./renderer.js";

/** An envelope a line (https://jsonlines.org), null for a run that could not be made. */
export function jsonl({ paint }: Pick<Setting, "paint">): Renderer {
  return eachAlone(({ report }) => `${report === null ? "null" : paint(JSON.stringify(report.envelope))}\n`);
}
