// JSON Schema to the text of a TypeScript type, for the published declarations.

/** As a caller writes it (fields with a default may be absent), or with the defaults filled in. */
export type Mode = "given" | "filled";

export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly default?: unknown;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** Gives the name under which a type is already known, by its text without comments; null if there is none. */
export type NameOf = (text: string) => string | null;

interface Style {
  readonly mode: Mode;
  readonly nameOf: NameOf;
  /** With descriptions as comments. Without them, equal types have equal texts. */
  readonly comments: boolean;
}

/** The text of a type, with names in place of types that have one. */
export function typeText(schema: Schema, mode: Mode, nameOf: NameOf): string {
  return named(schema, { mode, nameOf, comments: true });
}

/** The same without comments, and with no name for the type as a whole: what equal types have in common. */
export function plainTypeText(schema: Schema, mode: Mode, nameOf: NameOf = () => null): string {
  return union(schema, { mode, nameOf, comments: false });
}

/** The body of an interface, `{ … }`, with comments; null for what is no plain object. */
export function interfaceBody(schema: Schema, mode: Mode, nameOf: NameOf): string | null {
  const isPlain = schema.type === "object" && !("anyOf" in schema || "oneOf" in schema || "allOf" in schema) && schema.properties !== undefined;
  return isPlain ? fields(schema, { mode, nameOf, comments: true }) : null;
}

function named(schema: Schema, style: Style): string {
  return withoutNull(schema, style) ?? style.nameOf(plainTypeText(schema, style.mode, style.nameOf)) ?? union(schema, style);
}

/** `T | null` of a type T that may have a name. */
function withoutNull(schema: Schema, style: Style): string | null {
  if (Array.isArray(schema.type) && schema.type.length > 1 && schema.type.includes("null")) {
    const rest = schema.type.filter((type) => type !== "null");
    return `${named({ ...schema, type: rest.length === 1 ? rest[0] : rest }, style)} | null`;
  }
  if (schema.enum?.includes(null) && schema.enum.length > 1) return `${named({ ...schema, enum: schema.enum.filter((each) => each !== null) }, style)} | null`;
  return null;
}

function union(schema: Schema, style: Style): string {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const parts = [typed(schema, style), alternatives(schema, schema.anyOf, style), alternatives(schema, schema.oneOf, style), ...all(schema, style)];
  const known = parts.filter((part) => part !== null && part !== "unknown") as string[];
  if (known.length === 0) return "unknown";
  return known.length === 1 ? (known[0] as string) : known.map((part) => (isCompound(part) ? `(${part})` : part)).join(" & ");
}

function typed(schema: Schema, style: Style): string | null {
  if (schema.type === undefined) return null;
  const types = Array.isArray(schema.type) ? (schema.type as readonly string[]) : [schema.type as string];
  return [...new Set(types.map((type) => ofType(type, schema, style)))].join(" | ");
}

function ofType(type: string, schema: Schema, style: Style): string {
  if (type === "integer") return "number";
  if (type === "array") return schema.items === undefined ? "unknown[]" : listOf(schema.items, style);
  return type === "object" ? fields(schema, style) : type;
}

function listOf(items: Schema, style: Style): string {
  const item = named(items, style);
  return isCompound(named(items, { ...style, comments: false })) ? `(${item})[]` : `${item}[]`;
}

/** Whether a type, without comments, is a union or an intersection once what stands in braces is left out. */
function isCompound(text: string): boolean {
  let rest = text;
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replace(/\{[^{}]*\}/g, "");
  }
  return / [|&] /.test(rest);
}

function fields(schema: Schema, style: Style): string {
  const { properties = {}, required = [], additionalProperties = true } = schema;
  const lines = Object.entries(properties).flatMap(([name, field]) => {
    const present = required.includes(name) || (style.mode === "filled" && field.default !== undefined);
    return [...comment(field, style), `${key(name)}${present ? "" : "?"}: ${named(field, style)};`];
  });
  const other = lines.length > 0 || typeof additionalProperties === "boolean" ? "unknown" : named(additionalProperties, style);
  if (additionalProperties !== false) lines.push(`[name: string]: ${other};`);
  return lines.length === 0 ? "Record<string, never>" : `{\n${lines.map((line) => line.replace(/^/gm, "  ")).join("\n")}\n}`;
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function comment({ description, default: usual }: Schema, { comments }: Style): string[] {
  if (!comments) return [];
  const words = [description, usual === undefined ? undefined : `Default: ${JSON.stringify(usual)}.`].filter((each) => each !== undefined).join(" ");
  return words === "" ? [] : [`/** ${words.replaceAll("*/", "*\\/").replace(/\s+/g, " ")} */`];
}

/** One that only requires fields means the fields of the schema that it stands in. */
function alternatives(schema: Schema, each: readonly Schema[] | undefined, style: Style): string | null {
  if (each === undefined) return null;
  const texts = each.map((one) => [named(one, style), demanded(schema, one, style)].filter((text) => text !== null && text !== "unknown").join(" & "));
  return texts.includes("") ? null : [...new Set(texts)].join(" | ");
}

function demanded({ properties = {} }: Schema, { required = [], type }: Schema, style: Style): string | null {
  const names = required.filter((name) => properties[name] !== undefined);
  if (type !== undefined || names.length === 0) return null;
  return `{ ${names.map((name) => `${key(name)}: ${named(properties[name] as Schema, { ...style, comments: false })}`).join("; ")} }`;
}

function all(schema: Schema, style: Style): (string | null)[] {
  return (schema.allOf ?? []).map((each) => alternatives(schema, each.anyOf ?? each.oneOf, style) ?? typed(each, style));
}
