import { endOfJsonString } from "../../runner/support/end-of-json-string.js";
import type { StepResult } from "./schema.js";

/** Deeper JSON would overflow a recursive reader. */
const MAX_DEPTH = 128;

export type Body = { readonly kind: "json" | "xml"; readonly value: unknown } | { readonly kind: "unreadable"; readonly why: string };

/** The body as JSON, and what in it readers understand differently. */
export function readJson(text: string): { body: Body; anomalies: StepResult["anomalies"] } {
  const anomalies = new Set<StepResult["anomalies"][number]>();
  // RFC 8259, section 8.1: it must not be sent, and may be ignored.
  const content = text.startsWith("\ufeff") ? text.slice(1) : text;
  if (content !== text) anomalies.add("byte_order_mark");
  try {
    const value: unknown = JSON.parse(content);
    if (!inspect(content, anomalies)) return { body: { kind: "unreadable", why: `it is nested more than ${MAX_DEPTH} deep` }, anomalies: [...anomalies] };
    return { body: { kind: "json", value }, anomalies: [...anomalies] };
  } catch (error) {
    return { body: { kind: "unreadable", why: `it is no JSON: ${(error as Error).message.slice(0, 100)}` }, anomalies: [...anomalies] };
  }
}

/** Walks through text that is JSON. False if it is too deep. */
function inspect(text: string, anomalies: Set<StepResult["anomalies"][number]>): boolean {
  const open: (Set<string> | null)[] = [];
  let previous = "";
  for (const token of tokensOf(text)) {
    if (token === "{" || token === "[") open.push(token === "{" ? new Set() : null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") noteKey(previous, open.at(-1), anomalies);
    else if (/^[-0-9]/.test(token) && !isExact(token)) anomalies.add("inexact_number");
    if (open.length > MAX_DEPTH) return false;
    previous = token;
  }
  return true;
}

const MARKS: ReadonlySet<string> = new Set("{}[],:");
const NUMBER = /-?[0-9][0-9.eE+-]*/y;

/** Strings, numbers and marks. A pattern for strings would overflow its stack on one of some megabytes. */
function* tokensOf(text: string): Generator<string> {
  for (let at = 0, end: number; at < text.length; at = end) {
    const sign = text[at] as string;
    end = at + 1;
    if (sign === '"') end = endOfJsonString(text, at) + 1;
    else if (sign === "-" || (sign >= "0" && sign <= "9")) {
      NUMBER.lastIndex = at;
      end = at + (NUMBER.exec(text) as RegExpExecArray)[0].length;
    } else if (!MARKS.has(sign)) continue;
    yield text.slice(at, end);
  }
}

function noteKey(written: string, keys: Set<string> | null | undefined, anomalies: Set<StepResult["anomalies"][number]>): void {
  const key = JSON.parse(written) as string;
  if (keys?.has(key)) anomalies.add("duplicate_key");
  keys?.add(key);
}

/** Integers beyond 2^53 are rounded (RFC 8259, section 6). */
function isExact(token: string): boolean {
  return !/^-?[0-9]+$/.test(token) || Number.isSafeInteger(Number(token));
}

/** The value at a JSON Pointer (RFC 6901); undefined if there is none. */
export function valueAtPointer(value: unknown, pointer: string): unknown {
  let current = value;
  for (const written of pointer.split("/").slice(1)) {
    const step = written.replaceAll("~1", "/").replaceAll("~0", "~");
    if (current === null || typeof current !== "object" || !Object.hasOwn(current, step)) return undefined;
    if (Array.isArray(current) && !/^(0|[1-9][0-9]*)$/.test(step)) return undefined;
    current = (current as Record<string, unknown>)[step];
  }
  return current;
}
