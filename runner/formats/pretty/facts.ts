import { cut, pad } from "../../support/text-width.js";
import { wrapped } from "../../support/wrap-text.js";
import { oneLine } from "../run-result.js";
import type { Canvas } from "./canvas.js";

/** Fields that the rest of the picture shows (the verdict has the checks that did not pass), and the seed, which only a replay needs. */
const DRAWN: ReadonlySet<string> = new Set([
  ...["status", "failure", "findings", "ip_address", "connected_time", "duration_ms", "target_host", "target_port"],
  ...["operations", "attempts", "waterfall", "hops", "routers", "loops", "checks", "seed"],
]);

const MOST_LINES = 40;
/** Of the items of a list that have a line each. */
const MOST_ITEMS = 8;
/** Of one text that does not fit a line. */
const MOST_FOLDED = 3;
/** Bounds the work for an output of megabytes. */
const MOST_TEXT = 1000;

/** What a run has found out, under the names of the contract: each field of the output that is not empty. */
export function factLines(output: object, { width, style }: Canvas): string[] {
  const facts = Object.entries(output).flatMap(([name, value]) => {
    const texts = DRAWN.has(name) ? [] : textsOf(value);
    return texts.length === 0 ? [] : [{ name, texts }];
  });
  const names = Math.max(0, ...facts.map(({ name }) => name.length));
  const room = Math.max(20, width - names - 4);
  const lines = facts.flatMap(({ name, texts: [first = "", ...further] }) => {
    const shown = further.length === 0 ? folded(first, room) : [first, ...further].map((text) => cut(oneLine(text), room));
    return shown.map((text, index) => `  ${style.dim(pad(index === 0 ? name : "", names))}  ${text}`);
  });
  const left = lines.length - MOST_LINES;
  return left <= 0 ? lines : [...lines.slice(0, MOST_LINES), style.dim(`  … ${left} more lines: without --pretty, everything is shown`)];
}

/** On a few lines, the last of which is cut. */
function folded(text: string, room: number): string[] {
  const lines = wrapped(oneLine(text), room, 0);
  const last = lines.slice(MOST_FOLDED - 1).join(" ");
  return [...lines.slice(0, MOST_FOLDED - 1), ...(last === "" ? [] : [last])].map((line) => cut(line, room));
}

/** Items that are rows, or have more than a few fields, stand on lines of their own. */
function textsOf(value: unknown): string[] {
  if (!Array.isArray(value) || !value.some(isWide)) return [textOf(value, 0)].filter((text) => text !== "");
  const texts = value.slice(0, MOST_ITEMS).map((item) => textOf(item, 0));
  return value.length > MOST_ITEMS ? [...texts, `… ${value.length - MOST_ITEMS} more`] : texts;
}

const FEW_FIELDS = 3;

function isWide(item: unknown): boolean {
  return Array.isArray(item) || (typeof item === "object" && item !== null && Object.keys(item).length > FEW_FIELDS);
}

/** Empty for what says nothing: null, an empty list. */
function textOf(value: unknown, depth: number): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "object") return String(value).slice(0, MOST_TEXT);
  return Array.isArray(value) ? listText(value, depth) : objectText(value, depth);
}

function listText(items: readonly unknown[], depth: number): string {
  const texts: string[] = [];
  let length = 0;
  for (const item of items) {
    // In a row, a value that is missing must not move the others to its column.
    const text = item === null ? "null" : item === "" ? '""' : textOf(item, depth + 1);
    if (text === "") continue;
    texts.push(text);
    length += text.length;
    if (length > MOST_TEXT) break;
  }
  return texts.join(depth > 0 && texts.every((text) => !text.includes(" ")) ? " " : ", ");
}

/** Within others, the values of a small object explain themselves: SIZE 33554432. */
function objectText(object: object, depth: number): string {
  const parts = Object.entries(object).flatMap(([name, value]) => {
    const text = textOf(value, depth + 1);
    return text === "" ? [] : [{ name, text }];
  });
  if (depth > 0 && !isWide(object)) return parts.map(({ text }) => text).join(" ");
  const text = parts.map((part) => `${part.name} ${part.text}`).join(", ");
  return depth > 0 && text !== "" ? `(${text})` : text;
}
