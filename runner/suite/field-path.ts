import { nearest } from "../support/did-you-mean.js";

/** `tls.certificate.days_left` or `/tls/certificate/days_left` (RFC 6901), step by step. */
export function parseFieldPath(written: string): string[] {
  if (!written.startsWith("/")) return written.split(".");
  return written
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/**
 * The value of a field; undefined if there is no such field, null below what did not happen. A step into a list is an index, or the `name` of an
 * item.
 */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const step of path) {
    if (current === null) return null;
    if (Array.isArray(current)) current = itemOf(current, step);
    else if (typeof current === "object" && Object.hasOwn(current, step)) current = (current as Record<string, unknown>)[step];
    else return undefined;
  }
  return current;
}

function itemOf(list: readonly unknown[], step: string): unknown {
  if (INDEX.test(step)) return list[Number(step)];
  return list.find((item) => item !== null && typeof item === "object" && IDENTIFYING.some((field) => (item as Record<string, unknown>)[field] === step));
}

const INDEX = /^\d+$/;

/** The key that identifies the items of a list: operations have names, capabilities keywords, findings reasons. */
const IDENTIFYING = ["name", "keyword", "reason", "kind"];

interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  additionalProperties?: boolean | SchemaNode;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  type?: unknown;
  enum?: unknown[];
  const?: unknown;
}

/** Why an output or input of this schema cannot have such a field; null if it can. */
export function unknownField(schema: unknown, path: readonly string[], what: "input" | "output" = "output"): { message: string; hint: string | null } | null {
  let nodes = branches(schema as SchemaNode);
  for (const [depth, step] of path.entries()) {
    const known = nodes.flatMap((node) => Object.keys(node.properties ?? {}));
    const next = nodes.flatMap((node) => stepInto(node, step));
    if (next.length === 0) {
      const near = nearest(step, known, 1)[0];
      const all = known.length === 0 ? "there is nothing below it" : `the fields are: ${known.join(", ")}`;
      return { message: `the ${what} has no field ${path.slice(0, depth + 1).join(".")}`, hint: near === undefined ? all : `did you mean ${near}?` };
    }
    nodes = next;
  }
  return null;
}

/** The field can hold a text or a number, and not only other fields. */
export function isScalarField(schema: unknown, path: readonly string[]): boolean {
  const nodes = path.reduce((all, step) => all.flatMap((node) => stepInto(node, step)), branches(schema as SchemaNode));
  return nodes.some(({ type, properties, items }) => {
    if (type === undefined) return properties === undefined && items === undefined;
    return [type].flat().some((each) => ["string", "number", "integer"].includes(each as string));
  });
}

/** Why a field of this schema cannot have one of these values; null if it can. Only fields with a list of values say so. */
export function impossibleValue(schema: unknown, path: readonly string[], values: readonly unknown[]): { message: string; hint: string } | null {
  const nodes = path.reduce((all, step) => all.flatMap((node) => stepInto(node, step)), branches(schema as SchemaNode));
  const allowed = nodes.map(valuesOf);
  if (nodes.length === 0 || allowed.includes(null)) return null;
  const known = (allowed as unknown[][]).flat();
  const wrong = values.find((value) => (value === null || typeof value !== "object") && !known.includes(value));
  if (wrong === undefined) return null;
  const names = known.filter((value) => value !== null).map(String);
  const near = nearest(String(wrong), names, 1)[0];
  return {
    message: `${path.join(".")} is never ${JSON.stringify(wrong)}`,
    hint: near === undefined ? `it is one of ${names.join(", ")}` : `did you mean ${near}?`,
  };
}

/** All values of a schema that lists them; null otherwise. */
function valuesOf({ type, enum: list, const: only }: SchemaNode): unknown[] | null {
  if (list !== undefined) return list;
  if (only !== undefined) return [only];
  return type === "null" ? [null] : null;
}

function stepInto(node: SchemaNode, step: string): SchemaNode[] {
  if (node.items !== undefined) return branches(node.items);
  const property = node.properties?.[step];
  if (property !== undefined) return branches(property);
  // A schema without any fields allows all.
  if (node.additionalProperties === true || (node.properties === undefined && isOpen(node))) return [{}];
  return typeof node.additionalProperties === "object" ? branches(node.additionalProperties) : [];
}

function isOpen(node: SchemaNode): boolean {
  return node.additionalProperties === undefined && node.enum === undefined && node.const === undefined && (node.type === undefined || node.type === "object");
}

function branches(node: SchemaNode): SchemaNode[] {
  const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return alternatives.length === 0 ? [node] : alternatives.flatMap(branches);
}
