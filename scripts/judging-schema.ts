import type { CodeKeywordDefinition, KeywordCxt } from "ajv";

/**
 * The schema, written so that Ajv makes little code of it: a start reads all of that, and its first run compiles what it calls.
 * Every object inside becomes a function of its own, which is compiled when a value has that object; equal ones become the
 * same. Words go: Ajv puts whole schemas into its code.
 */
export function judging(schema: unknown): unknown {
  const parts = new Map<string, string>();
  const referring = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(referring);
    if (node === null || typeof node !== "object") return node;
    const rewritten = Object.fromEntries(
      Object.entries(node)
        .filter(isNoText)
        .map(([key, value]) => [key, DATA.includes(key) ? value : referring(value)]),
    );
    return isObjectSchema(rewritten) && node !== schema ? referenceTo(rewritten, parts) : rewritten;
  };
  const whole = referring(schema);
  const $defs = Object.fromEntries([...parts].map(([text, name]) => [name, { [quietly.keyword]: JSON.parse(text) }]));
  return { $defs, [quietly.keyword]: whole };
}

/** What stands in these is data, and no schema. */
const DATA = ["const", "enum", "default", "examples"];

/** A field that is itself called description has a schema, not a text. */
function isNoText([key, value]: [string, unknown]): boolean {
  return !(["title", "description"].includes(key) && typeof value === "string");
}

/** Fields that are themselves called type and properties have schemas. */
function isObjectSchema({ type, properties }: Record<string, unknown>): boolean {
  return (typeof type === "string" || Array.isArray(type)) && properties !== undefined;
}

/** A default belongs to the place, not to the part. */
function referenceTo({ default: filledIn, ...part }: Record<string, unknown>, parts: Map<string, string>): unknown {
  const text = JSON.stringify(part);
  const name = parts.get(text) ?? `part${parts.size}`;
  parts.set(text, name);
  return { $ref: `#/$defs/${name}`, ...(filledIn === undefined ? {} : { default: filledIn }) };
}

/**
 * A schema inside this keyword is judged without saying what is wrong: those words are half of what Ajv writes, and every start
 * reads all of it.
 */
export const quietly = {
  keyword: "quietly",
  schemaType: "object",
  code(context: KeywordCxt): void {
    const valid = context.gen.name("valid");
    context.subschema({ keyword: "quietly", createErrors: false }, valid);
    context.ok(valid);
  },
} satisfies CodeKeywordDefinition;
