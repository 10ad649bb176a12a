import type { Renderer, Setting } from "./renderer.js";

/** The envelope, indented; for a list an array of envelopes, null for a run that could not be made. */
export function json({ isList, paint }: Pick<Setting, "isList" | "paint">): Renderer {
  const present: Renderer["present"] = ({ report }) => `${report === null ? "null" : paint(JSON.stringify(report.envelope, null, 2))}\n`;
  return isList ? { present, ...arrayOfItems() } : { present, item: (text) => text, end: () => "" };
}

/** A JSON array, item by item: whether a comma follows is known when the next one comes. */
function arrayOfItems(): Pick<Renderer, "item" | "end"> {
  let held = "";
  const item = (text: string, index: number): string => {
    const before = index === 0 ? "[\n" : `${held},\n`;
    held = text.trimEnd().replace(/^/gm, "  ");
    return before;
  };
  return { item, end: () => `${held}\n]\n` };
}
