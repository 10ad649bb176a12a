/** One way in which a changed schema breaks those who relied on it as it was. */
export interface SchemaBreak {
  /** A JSON pointer into the schema. */
  pointer: string;
  message: string;
}

/**
 * What a change from `before` to `after` breaks. Of an input, every value that was accepted must be accepted still, and must
 * mean the same: a default may neither go nor change. Of an output, every value that may come now must have been possible
 * before, and no field may go: a consumer handles what it was promised. A new field of an output breaks no consumer.
 */
export function schemaBreaks(before: Schema, after: Schema, side: "input" | "output"): SchemaBreak[] {
  return breaks({ before, after, side, pointer: "" });
}

export type Schema = Readonly<Record<string, unknown>>;

interface Change {
  before: Schema;
  after: Schema;
  side: "input" | "output";
  pointer: string;
}

function breaks(change: Change): SchemaBreak[] {
  return [...defaultBreaks(change), ...alternativeBreaks(change)];
}

function defaultBreaks({ before, after, side, pointer }: Change): SchemaBreak[] {
  if (side === "output" || before.default === undefined || same(before.default, after.default)) return [];
  const now = after.default === undefined ? "is gone" : `became ${JSON.stringify(after.default)}`;
  return [{ pointer, message: `the default ${JSON.stringify(before.default)} ${now}` }];
}

/** Every alternative of the side that must fit has to fit in some alternative of the other; the nearest one says why it does not. */
function alternativeBreaks(change: Change): SchemaBreak[] {
  const [before, after] = [alternatives(change.before), alternatives(change.after)];
  const [fitting, allowed] = change.side === "input" ? [before, after] : [after, before];
  return fitting.flatMap((each) => {
    const tries = allowed.map((other) => {
      const pair = change.side === "input" ? { before: each, after: other } : { before: other, after: each };
      return { other, found: plainBreaks({ ...change, ...pair }) };
    });
    if (tries.some(({ found }) => found.length === 0)) return [];
    const near = tries.find(({ other }) => familyOf(other) === familyOf(each));
    const message = change.side === "input" ? `${kindOf(each)} is no longer accepted` : `may now be ${kindOf(each)}`;
    return near?.found ?? [{ pointer: change.pointer, message }];
  });
}

/** A schema as the list of plain schemas of which one must fit: its anyOf, and each of its types, apart. */
function alternatives(schema: Schema): Schema[] {
  const { anyOf, oneOf, ...rest } = schema;
  const choices = (anyOf ?? oneOf) as Schema[] | undefined;
  if (choices !== undefined) return choices.flatMap((choice) => alternatives({ ...rest, ...choice }));
  if (Array.isArray(schema.type)) return schema.type.map((type) => ({ ...schema, type }));
  return [schema];
}

function kindOf(schema: Schema): string {
  if (typeof schema.type === "string") return schema.type;
  const values = valuesOf(schema);
  return values === null ? "anything" : values.map((value) => JSON.stringify(value)).join(" or ");
}

/** Schemas of one family are compared in detail: they mean the same field. */
function familyOf(schema: Schema): unknown {
  return schema.type === "integer" ? "number" : (schema.type ?? "values");
}

function plainBreaks(change: Change): SchemaBreak[] {
  return [...typeBreaks(change), ...valueBreaks(change), ...boundBreaks(change), ...fixedBreaks(change), ...fieldBreaks(change), ...itemBreaks(change)];
}

function typeBreaks({ before, after, side, pointer }: Change): SchemaBreak[] {
  const [fitting, allowed] = side === "input" ? [before, after] : [after, before];
  if (allowed.type === undefined || fitting.type === allowed.type) return [];
  if (fitting.type === "integer" && allowed.type === "number") return [];
  const values = valuesOf(fitting);
  if (fitting.type === undefined && values !== null && values.every((value) => typeOf(value) === allowed.type)) return [];
  return [{ pointer, message: `the type ${kindOf(before)} became ${kindOf(after)}` }];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

function valuesOf(schema: Schema): readonly unknown[] | null {
  if ("const" in schema) return [schema.const];
  return (schema.enum as unknown[] | undefined) ?? null;
}

function valueBreaks({ before, after, side, pointer }: Change): SchemaBreak[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const [fitting, allowed] = side === "input" ? [old, now] : [now, old];
  if (allowed === null) return [];
  const list = JSON.stringify(allowed);
  if (fitting === null) return [{ pointer, message: side === "input" ? `only ${list} is accepted now` : `is no longer one of ${list}` }];
  const strangers = fitting.filter((value) => !allowed.some((other) => same(value, other)));
  const message = side === "input" ? "is no longer accepted" : "is a new value";
  return strangers.map((value) => ({ pointer, message: `${JSON.stringify(value)} ${message}` }));
}

/** Keywords that set a lowest or a highest value: which way is narrower. */
const BOUNDS: Readonly<Record<string, 1 | -1>> = {
  minimum: 1,
  exclusiveMinimum: 1,
  minLength: 1,
  minItems: 1,
  minProperties: 1,
  maximum: -1,
  exclusiveMaximum: -1,
  maxLength: -1,
  maxItems: -1,
  maxProperties: -1,
};

function boundBreaks({ before, after, side, pointer }: Change): SchemaBreak[] {
  return Object.entries(BOUNDS).flatMap(([keyword, narrower]) => {
    const [old, now] = [before[keyword] as number | undefined, after[keyword] as number | undefined];
    const [fitting, allowed] = side === "input" ? [old, now] : [now, old];
    if (allowed === undefined || (fitting !== undefined && (fitting - allowed) * narrower >= 0)) return [];
    return [{ pointer, message: `${keyword} ${old ?? "(none)"} became ${now ?? "(none)"}` }];
  });
}

/** Keywords whose change cannot be judged: they may only fall away, on the side where that makes room. */
const FIXED = ["pattern", "format", "multipleOf", "uniqueItems", "not", "if", "then", "else", "allOf", "prefixItems", "contains", "propertyNames", "$ref"];

function fixedBreaks({ before, after, side, pointer }: Change): SchemaBreak[] {
  const [fitting, allowed] = side === "input" ? [before, after] : [after, before];
  const changed = FIXED.filter((keyword) => allowed[keyword] !== undefined && !same(fitting[keyword], allowed[keyword]));
  return changed.map((keyword) => ({
    pointer,
    message: `${keyword} ${JSON.stringify(before[keyword] ?? null)} became ${JSON.stringify(after[keyword] ?? null)}`,
  }));
}

function fieldBreaks(change: Change): SchemaBreak[] {
  const [old, now] = [fieldsOf(change.before), fieldsOf(change.after)];
  const inside = (name: string) => `${change.pointer}/properties/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const gone = Object.keys(old).filter((name) => !(name in now));
  const kept = Object.keys(old).filter((name) => name in now);
  return [
    ...gone.map((name) => ({ pointer: inside(name), message: "the field is gone" })),
    ...requiredBreaks(change, gone).map(({ name, message }) => ({ pointer: inside(name), message })),
    ...kept.flatMap((name) => breaks({ ...change, before: old[name] as Schema, after: now[name] as Schema, pointer: inside(name) })),
    ...closedBreaks(change),
  ];
}

function requiredBreaks({ before, after, side }: Change, gone: readonly string[]): { name: string; message: string }[] {
  const [old, now] = [before, after].map((schema) => (schema.required as string[] | undefined) ?? []) as [string[], string[]];
  if (side === "input") return now.filter((name) => !old.includes(name)).map((name) => ({ name, message: "the field is required now" }));
  const lost = old.filter((name) => !now.includes(name) && !gone.includes(name));
  return lost.map((name) => ({ name, message: "the field is no longer always there" }));
}

/** An object that accepted any further field, or fields of one shape, must continue to do so. New fields of an output are allowed. */
function closedBreaks(change: Change): SchemaBreak[] {
  const [old, now] = [change.before.additionalProperties ?? true, change.after.additionalProperties ?? true];
  const pointer = `${change.pointer}/additionalProperties`;
  if (typeof old === "object" && typeof now === "object") return breaks({ ...change, before: old as Schema, after: now as Schema, pointer });
  if (change.side === "output" || old === false || now === true || !isObject(change.before)) return [];
  return [{ pointer, message: "further fields are no longer accepted" }];
}

function isObject(schema: Schema): boolean {
  return schema.type === "object" || schema.properties !== undefined;
}

function fieldsOf(schema: Schema): Readonly<Record<string, unknown>> {
  return (schema.properties as Record<string, unknown> | undefined) ?? {};
}

function itemBreaks(change: Change): SchemaBreak[] {
  const [before, after] = [change.before.items, change.after.items] as (Schema | undefined)[];
  if (before === undefined && after === undefined) return [];
  return breaks({ ...change, before: before ?? {}, after: after ?? {}, pointer: `${change.pointer}/items` });
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
