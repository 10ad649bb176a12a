/** One field of an input or an output; a nested field by its path: tls.mode. */
export interface Field {
  name: string;
  type: string;
  required: boolean;
  default?: unknown;
  description: string;
}

/** The part of JSON Schema that contracts use. */
interface Node {
  type?: string | readonly string[];
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly Node[];
  oneOf?: readonly Node[];
  items?: Node;
  properties?: Readonly<Record<string, Node>>;
  required?: readonly string[];
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  minItems?: number;
  default?: unknown;
  examples?: readonly unknown[];
  description?: string;
  "x-secret"?: boolean;
  "x-secret-name"?: boolean;
  "x-reference"?: boolean;
}

export function fieldsOf(schema: unknown, prefix = ""): Field[] {
  const { properties = {}, required = [] } = schema as Node;
  return Object.entries(properties).flatMap(([key, node]): Field[] => {
    const name = `${prefix}${key}`;
    const field: Field = {
      name,
      type: typeOf(node),
      required: required.includes(key),
      ...(node.default === undefined ? {} : { default: node.default }),
      description: node.description ?? "",
    };
    if (isReference(node)) return [field];
    return [field, ...fieldsOf(node, `${name}.`), ...fieldsOf(node.items ?? {}, `${name}[].`)];
  });
}

/** A value or a reference to it: the reference form is omitted from tables. */
function isReference(node: Node): boolean {
  return node["x-secret"] === true || node["x-secret-name"] === true || node["x-reference"] === true;
}

function typeOf(node: Node): string {
  if (isReference(node)) return node["x-secret"] ? "secret" : node["x-secret-name"] ? "secret's name" : "text";
  if (node.const !== undefined) return String(node.const);
  if (node.enum !== undefined) return node.enum.map(String).join(" | ");
  const alternatives = node.anyOf ?? node.oneOf;
  if (alternatives !== undefined && node.type === undefined) return [...new Set(alternatives.map(typeOf))].join(" | ");
  if (Array.isArray(node.type)) return node.type.map((type: string) => typeOf({ ...node, type })).join(" | ");
  if (node.type === "null") return "null";
  if (node.type === "array") return `list of ${node.items === undefined ? "anything" : typeOf(node.items)}`;
  const range = rangeOf(node);
  return `${node.format ?? node.type ?? "anything"}${range === "" ? "" : ` ${range}`}`;
}

function rangeOf({ type, minimum, maximum }: Node): string {
  if (type !== "integer" && type !== "number") return "";
  if (minimum !== undefined && maximum !== undefined) return `${minimum}..${maximum}`;
  if (minimum !== undefined) return `>= ${minimum}`;
  return maximum === undefined ? "" : `<= ${maximum}`;
}

const WORDS: Readonly<Record<string, string>> = { host: "mx.example.org", "one-line": "text" };

/** The smallest value that a schema accepts: only required fields, with the examples of the schema. */
export function exampleOf(schema: unknown): unknown {
  const node = schema as Node;
  for (const known of [node.examples?.[0], node.default, node.const, node.enum?.[0]]) if (known !== undefined) return known;
  const alternative = (node.anyOf ?? node.oneOf)?.[0];
  if (alternative !== undefined) return exampleOf(alternative);
  switch (Array.isArray(node.type) ? node.type[0] : node.type) {
    case "object":
      return Object.fromEntries((node.required ?? []).map((name) => [name, exampleOf(node.properties?.[name] ?? {})]));
    case "array":
      return Array.from({ length: node.minItems ?? 0 }, () => exampleOf(node.items ?? {}));
    case "integer":
    case "number":
      return node.minimum ?? 1;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return (WORDS[node.format ?? ""] ?? "text").padEnd(node.minLength ?? 0, "x");
  }
}
