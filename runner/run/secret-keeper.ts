import { base64Forms, encodedForms, isDigits, isTimestamp, maskDigits, maskParts, PART_CHARACTERS, partsOf } from "./secret-forms.js";

const MASK = "[secret]";

/**
 * A shorter secret occurs in our own words, names, times and numbers: masking it there would damage them and reveal it. The harness rejects it; if
 * the user insists, it is masked only where it stands alone.
 */
export const LEAST_SECRET_CHARACTERS = 4;

interface SchemaNode {
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

/** What SASL sends, and what a token may look like. */
const BASE64 = /^[A-Za-z0-9+/]{8,8192}={0,2}$/;

const BETWEEN_WORDS = /([\s"'<>(){}[\],;]+)/;

class Secrets {
  /** Masked wherever they occur, the longest first: it may contain a shorter one. */
  readonly values: string[] = [];
  readonly digits = new Set<string>();
  readonly short = new Set<string>();
  /** Parts of base64 forms: a server may cut what it sends back. */
  readonly parts = new Set<string>();

  add(value: string): void {
    if (!this.values.includes(value)) this.values.push(value);
  }

  sort(): void {
    this.values.sort((a, b) => b.length - a.length);
  }
}

/** Knows the secrets of one run, and removes them from everything that leaves it. */
export class SecretKeeper {
  /** Null for a run without secrets, which most are. */
  #secrets: Secrets | null = null;

  get isEmpty(): boolean {
    return this.#secrets === null;
  }

  /** Also for texts derived from a secret: a hostile server may send back the very line it received. */
  keep(value: string): void {
    if (value === "") return;
    rememberSecret(value);
    this.#secrets ??= new Secrets();
    const secrets = this.#secrets;
    if (value.length < LEAST_SECRET_CHARACTERS) {
      secrets.short.add(value);
      return;
    }
    if (isDigits(value)) secrets.digits.add(value);
    else secrets.add(value);
    for (const form of encodedForms(value)) secrets.add(form);
    // A longer one is found by its parts, together with the preceding text, such as the user's name.
    for (const form of base64Forms(value)) if (form.length < PART_CHARACTERS) secrets.add(form);
    for (const form of [...base64Forms(value), ...(BASE64.test(value) ? [value] : [])]) for (const part of partsOf(form)) secrets.parts.add(part);
    secrets.sort();
  }

  /** A text that contains a secret and public facts, such as a SASL message with its nonce: masked as a whole, but not its parts. */
  keepWhole(value: string): void {
    if (value.length < LEAST_SECRET_CHARACTERS) return;
    rememberSecret(value);
    this.#secrets ??= new Secrets();
    this.#secrets.add(value);
    this.#secrets.sort();
  }

  mask(text: string): string {
    if (this.#secrets === null) return text;
    const { short, values, digits: allDigits, parts } = this.#secrets;
    if (short.has(text)) return MASK;
    let masked = text;
    for (const value of values) if (masked.includes(value)) masked = masked.replaceAll(value, MASK);
    for (const digits of allDigits) if (masked.includes(digits)) masked = maskDigits(masked, digits, MASK);
    return maskParts(masked, parts, MASK);
  }

  /** The same for a line of a conversation, which contains no words of probe-run: short secrets are masked if they are a whole word. */
  maskLine(text: string): string {
    const short = this.#secrets?.short;
    if (short === undefined || short.size === 0) return this.mask(text);
    return this.mask(
      text
        .split(BETWEEN_WORDS)
        .map((word) => (short.has(word) ? MASK : word))
        .join(""),
    );
  }

  /**
   * A copy of a JSON value in which no text and no key contains a secret. The names and the enumerated words of its schema are not changed, nor are
   * times: a password that is "error" is not revealed by a status that is.
   */
  maskAll<Value>(value: Value, schema: SchemaNode = {}): Value {
    if (this.isEmpty) return value;
    if (typeof value === "string") return (schema.enum?.includes(value) || isTimestamp(value) ? value : this.mask(value)) as Value;
    if (Array.isArray(value)) return value.map((item) => this.maskAll(item, schema.items)) as Value;
    if (value === null || typeof value !== "object") return value;
    const masked = Object.entries(value).map(([key, item]) => {
      const property = schema.properties?.[key];
      return [property === undefined ? this.mask(key) : key, this.maskAll(item, property)];
    });
    return Object.fromEntries(masked) as Value;
  }
}

/**
 * A rejection outside a run is reported by the process, which has no keeper. So the latest secrets of all runs are known to it, whichever copy of the
 * harness read them.
 */
const REMEMBERED = Symbol.for("probe-run.secrets");
const MAX_REMEMBERED = 1000;

function rememberSecret(value: string): void {
  const all = remembered();
  all.delete(value);
  if (value.length >= LEAST_SECRET_CHARACTERS) all.add(value);
  if (all.size > MAX_REMEMBERED) all.delete(all.values().next().value as string);
}

function remembered(): Set<string> {
  const shared = globalThis as { [REMEMBERED]?: Set<string> };
  shared[REMEMBERED] ??= new Set();
  return shared[REMEMBERED];
}

/** Removes the secrets of any run from a text. */
export function maskRemembered(text: string): string {
  const values = [...remembered()].sort((a, b) => b.length - a.length);
  return values.reduce((masked, value) => masked.replaceAll(value, MASK), text);
}
