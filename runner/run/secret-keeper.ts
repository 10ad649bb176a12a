const MASK = "[secret]";

interface SchemaNode {
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

/** Knows the secrets of one run, and takes them out of whatever leaves it. */
export class SecretKeeper {
  #values: string[] = [];

  get isEmpty(): boolean {
    return this.#values.length === 0;
  }

  /** Also for what is made from a secret: a hostile server may send back the very line it was sent. */
  keep(value: string): void {
    for (const form of [value, ...encodedForms(value)]) if (form !== "" && !this.#values.includes(form)) this.#values.push(form);
    rememberSecret(value);
    // A longer secret may hold a shorter one: masking it first leaves no rest.
    this.#values.sort((a, b) => b.length - a.length);
  }

  mask(text: string): string {
    let masked = text;
    for (const value of this.#values) if (masked.includes(value)) masked = masked.replaceAll(value, MASK);
    return masked;
  }

  /**
   * A copy of a JSON value in which no text, and no key, holds a secret. The names and the enumerated words of its schema are
   * ours, whatever the secret is: a password that is "error" is not revealed by a status that is.
   */
  maskAll<Value>(value: Value, schema: SchemaNode = {}): Value {
    if (this.isEmpty) return value;
    if (typeof value === "string") return (schema.enum?.includes(value) ? value : this.mask(value)) as Value;
    if (Array.isArray(value)) return value.map((item) => this.maskAll(item, schema.items)) as Value;
    if (value === null || typeof value !== "object") return value;
    const masked = Object.entries(value).map(([key, item]) => {
      const property = schema.properties?.[key];
      return [property === undefined ? this.mask(key) : key, this.maskAll(item, property)];
    });
    return Object.fromEntries(masked) as Value;
  }
}

/** Shorter texts, encoded, are found in what is no secret: two letters are three of base64. */
const LEAST_ENCODED_CHARACTERS = 4;

/** How a server may send a secret back in another form: in base64 (whole, or with any text before and after it), hex, percent or JSON. */
function encodedForms(value: string): string[] {
  if (value.length < LEAST_ENCODED_CHARACTERS) return [];
  const bytes = Buffer.from(value, "utf8");
  const hex = bytes.toString("hex");
  // From the bytes: a lone surrogate has no percent form.
  const percent = encodeURIComponent(bytes.toString("utf8"));
  const forms = [
    bytes.toString("base64"),
    ...[0, 1, 2].map((before) => base64Inside(bytes, before)),
    hex,
    hex.toUpperCase(),
    JSON.stringify(value).slice(1, -1),
  ];
  return [...forms, percent, percent.toLowerCase(), percent.replaceAll("%20", "+")].filter((form) => form !== value && form.length >= LEAST_ENCODED_CHARACTERS);
}

/** The characters of base64 that depend on these bytes alone when so many bytes (modulo 3) stand before them, whatever stands around. */
function base64Inside(bytes: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  const bits = 8 * (before + bytes.length);
  return encoded.slice(Math.ceil((8 * before) / 6), Math.floor(bits / 6));
}

/**
 * A rejection outside of a run, which nothing awaits, is reported by the process, which has no keeper. So the last
 * secrets of all runs are known to it, in whichever copy of the harness they were read.
 */
const REMEMBERED = Symbol.for("probe-run.secrets");
const MOST_REMEMBERED = 1000;

function rememberSecret(value: string): void {
  const all = remembered();
  all.delete(value);
  if (value !== "") all.add(value);
  if (all.size > MOST_REMEMBERED) all.delete(all.values().next().value as string);
}

function remembered(): Set<string> {
  const shared = globalThis as { [REMEMBERED]?: Set<string> };
  shared[REMEMBERED] ??= new Set();
  return shared[REMEMBERED];
}

/** Takes the secrets of any run out of a text. */
export function maskRemembered(text: string): string {
  const values = [...remembered()].sort((a, b) => b.length - a.length);
  return values.reduce((masked, value) => masked.replaceAll(value, MASK), text);
}
