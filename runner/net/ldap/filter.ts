import { context, octets } from "../../asn1/encode-der.js";

/** A filter that cannot be read, with the place of the fault. */
export class FilterError extends Error {
  override readonly name = "FilterError";
}

const CHOICE = { and: 0, or: 1, not: 2, equality: 3, substrings: 4, greaterOrEqual: 5, lessOrEqual: 6, present: 7, approximate: 8 } as const;
const COMPARISONS: Readonly<Record<string, number>> = { "=": CHOICE.equality, ">=": CHOICE.greaterOrEqual, "<=": CHOICE.lessOrEqual, "~=": CHOICE.approximate };
const MAX_DEPTH = 16;

/** RFC 4515: the text form of a filter, as the bytes of RFC 4511. Throws a FilterError. */
export function encodeFilter(text: string): Buffer {
  const reader = new FilterReader(text);
  const filter = reader.filter(0);
  if (!reader.isAtEnd) throw reader.fault("nothing may follow the filter");
  return filter;
}

class FilterReader {
  #at = 0;

  constructor(readonly text: string) {}

  get isAtEnd(): boolean {
    return this.#at === this.text.length;
  }

  fault(message: string): FilterError {
    return new FilterError(`${message} (at character ${this.#at + 1})`);
  }

  filter(depth: number): Buffer {
    if (depth > MAX_DEPTH) throw this.fault(`more than ${MAX_DEPTH} levels`);
    this.#expect("(");
    const filter = this.#component(depth);
    this.#expect(")");
    return filter;
  }

  #component(depth: number): Buffer {
    switch (this.text[this.#at]) {
      case "&":
        return context(CHOICE.and, this.#list(depth), { constructed: true });
      case "|":
        return context(CHOICE.or, this.#list(depth), { constructed: true });
      case "!":
        this.#at += 1;
        return context(CHOICE.not, this.filter(depth + 1), { constructed: true });
      default:
        return this.#item();
    }
  }

  #list(depth: number): Buffer {
    this.#at += 1;
    const filters: Buffer[] = [];
    while (this.text[this.#at] === "(") filters.push(this.filter(depth + 1));
    if (filters.length === 0) throw this.fault("a list of filters is empty");
    return Buffer.concat(filters);
  }

  #item(): Buffer {
    const [, attribute, operator, value] =
      /^([A-Za-z][A-Za-z0-9.;-]*|[0-9][0-9.;A-Za-z-]*)(>=|<=|~=|=)([^()]*)/.exec(this.text.slice(this.#at, this.#at + 2048)) ?? [];
    if (attribute === undefined || operator === undefined || value === undefined) throw this.fault("expected an attribute, an operator and a value");
    this.#at += attribute.length + operator.length + value.length;
    const name = Buffer.from(attribute);
    if (operator === "=" && value === "*") return context(CHOICE.present, name);
    if (operator === "=" && value.includes("*")) return this.#substrings(name, value.split("*"));
    return context(COMPARISONS[operator] as number, Buffer.concat([octets(name), octets(this.#unescaped(value))]), { constructed: true });
  }

  #substrings(name: Buffer, parts: readonly string[]): Buffer {
    const last = parts.length - 1;
    const encoded = parts.flatMap((part, index) => (part === "" ? [] : [context(index === 0 ? 0 : index === last ? 2 : 1, this.#unescaped(part))]));
    if (encoded.length === 0) throw this.fault("a pattern of stars only");
    const inner = Buffer.concat(encoded);
    // A SEQUENCE of the pieces.
    const sequence = octets(inner);
    sequence[0] = 0x30;
    return context(CHOICE.substrings, Buffer.concat([octets(name), sequence]), { constructed: true });
  }

  #unescaped(value: string): Buffer {
    if (/\\(?![0-9A-Fa-f]{2})/.test(value)) throw this.fault("a backslash is followed by two hexadecimal digits");
    const pieces = value.split(/\\([0-9A-Fa-f]{2})/);
    return Buffer.concat(pieces.map((piece, index) => (index % 2 === 1 ? Buffer.from(piece, "hex") : Buffer.from(piece))));
  }

  #expect(character: string): void {
    if (this.text[this.#at] !== character) throw this.fault(`expected ${character}`);
    this.#at += 1;
  }
}
