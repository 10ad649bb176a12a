import { numberValue } from "../../runner/data/number-value.js";
import { failureError } from "../../runner/run/failure-error.js";
import type { DataValue } from "../../schemas/data.js";

/** A value as DynamoDB writes it: one key, which is its type. */
export type AttributeValue = { readonly [type: string]: unknown };

/** DynamoDB's own limit of nested attributes. */
const MAX_DEPTH = 32;

/** The value of a key, of the input. */
export function attributeValue(value: string | number): AttributeValue {
  return typeof value === "number" ? { N: String(value) } : { S: value };
}

/** A list, map or set becomes JSON text; bytes become hexadecimal; a number that JSON cannot hold exactly stays text. */
export function readAttributeValue(value: unknown): DataValue {
  const plain = plainValue(value, 0);
  return plain !== null && typeof plain === "object" ? JSON.stringify(plain) : (plain as DataValue);
}

/** The value of an attribute of an item, or of one inside it: `address.city`, `sizes.0`. Undefined if there is none. */
export function attributeAt(item: AttributeValue, path: readonly string[]): unknown {
  let value: unknown = { M: item };
  for (const step of path) {
    const [type, inside] = typed(value);
    if (type === "M" && isRecord(inside)) value = Object.hasOwn(inside, step) ? inside[step] : undefined;
    else if (type === "L" && Array.isArray(inside) && /^\d{1,5}$/.test(step)) value = inside[Number(step)];
    else return undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

function plainValue(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw failureError("query", "protocol_violation", `an attribute is nested more than ${MAX_DEPTH} deep`);
  const [type, inside] = typed(value);
  if (type === "NULL") return null;
  if (type === "BOOL" && typeof inside === "boolean") return inside;
  if (type === "S" && typeof inside === "string") return inside;
  if (type === "N" && typeof inside === "string") return numberValue(inside);
  if (type === "B" && typeof inside === "string") return bytesOf(inside);
  if (type === "L" && Array.isArray(inside)) return inside.map((each) => plainValue(each, depth + 1));
  if (type === "M" && isRecord(inside)) return Object.fromEntries(Object.entries(inside).map(([name, each]) => [name, plainValue(each, depth + 1)]));
  if ((type === "SS" || type === "NS" || type === "BS") && isTexts(inside))
    return inside.map((text) => (type === "SS" ? text : type === "NS" ? numberValue(text) : bytesOf(text)));
  throw failureError("query", "protocol_violation", `an attribute of the type ${JSON.stringify(type).slice(0, 40)} has another value than its type says`);
}

function typed(value: unknown): readonly [type: string, inside: unknown] {
  const entries = isRecord(value) ? Object.entries(value) : [];
  const [first] = entries;
  if (first === undefined || entries.length !== 1) throw failureError("query", "protocol_violation", "an attribute has no type, or several");
  return first;
}

function bytesOf(text: string): string {
  return Buffer.from(text, "base64").toString("hex");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
