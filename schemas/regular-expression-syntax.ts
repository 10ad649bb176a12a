/** Code points as sorted, separate ranges: [first, last, first, last, …]. */
export type CharacterSet = readonly number[];

/** A regular expression as a tree, as far as it matters for how long matching takes. */
export type PatternNode =
  | { readonly kind: "empty" }
  | { readonly kind: "character"; readonly set: CharacterSet }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly part: PatternNode; readonly min: number; readonly max: number }
  /** A lookaround: it consumes nothing, but is matched at every position. */
  | { readonly kind: "look"; readonly part: PatternNode };

/** A construct that cannot be analysed for matching time. */
export class UnboundedPattern extends Error {}

const LAST = 0x10ffff;
const ANY: CharacterSet = [0, LAST];
const DIGIT: CharacterSet = [48, 57];
const WORD: CharacterSet = [48, 57, 65, 90, 95, 95, 97, 122];
const SPACE: CharacterSet = [
  9, 13, 32, 32, 160, 160, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000, 0xfeff, 0xfeff,
];
const NOT_LINE_END: CharacterSet = [0, 9, 11, 12, 14, 0x2027, 0x202a, LAST];

/** Reads a pattern that compiles with the flag u: what JavaScript refuses never gets here. */
export function parsePattern(pattern: string): PatternNode {
  return new Parser(pattern).choice();
}

class Parser {
  #at = 0;
  readonly #characters: readonly string[];

  constructor(pattern: string) {
    this.#characters = [...pattern];
  }

  choice(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    return parts.length === 1 ? (parts[0] as PatternNode) : { kind: "choice", parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#characters.length && this.#peek() !== "|" && this.#peek() !== ")") parts.push(this.#repeated(this.#atom()));
    return parts.length === 1 ? (parts[0] as PatternNode) : { kind: "sequence", parts };
  }

  #repeated(part: PatternNode): PatternNode {
    const bounds = this.#bounds();
    if (bounds === null) return part;
    // Lazy or greedy: what can be tried is the same.
    this.#take("?");
    return { kind: "repeat", part, min: bounds[0], max: bounds[1] };
  }

  #bounds(): [number, number] | null {
    if (this.#take("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#take("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#take("?")) return [0, 1];
    if (!this.#take("{")) return null;
    const [min, max] = this.#until("}").split(",") as [string, string | undefined];
    return [Number(min), max === undefined ? Number(min) : max === "" ? Number.POSITIVE_INFINITY : Number(max)];
  }

  #atom(): PatternNode {
    const character = this.#next();
    if (character === "^" || character === "$") return { kind: "empty" };
    if (character === ".") return { kind: "character", set: NOT_LINE_END };
    if (character === "(") return this.#group();
    if (character === "[") return { kind: "character", set: this.#characterClass() };
    if (character !== "\\") return { kind: "character", set: only(character) };
    if (this.#take("b") || this.#take("B")) return { kind: "empty" };
    if (/[1-9k]/.test(this.#peek())) throw new UnboundedPattern("it has a back reference, and matching those has no bound");
    return { kind: "character", set: this.#escape() };
  }

  #group(): PatternNode {
    let looks = false;
    if (this.#take("?")) {
      if (this.#take("<")) {
        looks = this.#take("=") || this.#take("!");
        if (!looks) this.#until(">");
      } else looks = this.#next() !== ":";
    }
    const part = this.choice();
    this.#take(")");
    return looks ? { kind: "look", part } : part;
  }

  #characterClass(): CharacterSet {
    const isNegated = this.#take("^");
    const ranges: number[][] = [];
    while (!this.#take("]")) {
      const from = this.#classMember();
      if (this.#peek() !== "-" || this.#characters[this.#at + 1] === "]") ranges.push([...from]);
      else {
        this.#next();
        const to = this.#classMember();
        ranges.push([from[0] as number, to.at(-1) as number]);
      }
    }
    const set = union(ranges);
    return isNegated ? complement(set) : set;
  }

  #classMember(): CharacterSet {
    const character = this.#next();
    if (character !== "\\") return only(character);
    return this.#take("b") ? [8, 8] : this.#escape();
  }

  #escape(): CharacterSet {
    const character = this.#next();
    const set = ESCAPES[character];
    if (set !== undefined) return set;
    if (character === "x") return code(Number.parseInt(this.#next() + this.#next(), 16));
    if (character === "c") return code(this.#next().charCodeAt(0) % 32);
    if (character === "u") return code(this.#unicodeEscape());
    if (character !== "p" && character !== "P") return only(character);
    // Which characters have a property is not known here: any may have it.
    this.#until("}");
    return ANY;
  }

  #unicodeEscape(): number {
    if (this.#take("{")) return Number.parseInt(this.#until("}"), 16);
    return Number.parseInt(Array.from({ length: 4 }, () => this.#next()).join(""), 16);
  }

  #until(end: string): string {
    let text = "";
    while (!this.#take(end)) text += this.#next();
    return text;
  }

  #peek(): string {
    return this.#characters[this.#at] ?? "";
  }

  #next(): string {
    if (this.#at >= this.#characters.length) throw new UnboundedPattern("it ends in the middle");
    return this.#characters[this.#at++] as string;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }
}

const ESCAPES: Readonly<Record<string, CharacterSet>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
  t: code(9),
  n: code(10),
  v: code(11),
  f: code(12),
  r: code(13),
  "0": code(0),
};

function code(point: number): CharacterSet {
  return [point, point];
}

function only(character: string): CharacterSet {
  return code(character.codePointAt(0) as number);
}

function union(sets: readonly (readonly number[])[]): CharacterSet {
  const ranges = sets.flatMap((set) => Array.from({ length: set.length / 2 }, (_, index) => [set[2 * index], set[2 * index + 1]] as [number, number]));
  return ranges.sort((a, b) => a[0] - b[0]).flat();
}

function complement(set: CharacterSet): CharacterSet {
  const rest: number[] = [];
  let next = 0;
  for (let index = 0; index < set.length; index += 2) {
    if ((set[index] as number) > next) rest.push(next, (set[index] as number) - 1);
    next = Math.max(next, (set[index + 1] as number) + 1);
  }
  if (next <= LAST) rest.push(next, LAST);
  return rest;
}

/** Whether some character is in both. */
export function overlap(a: CharacterSet, b: CharacterSet): boolean {
  for (let i = 0; i < a.length; i += 2) {
    for (let j = 0; j < b.length; j += 2) {
      if ((a[i] as number) <= (b[j + 1] as number) && (b[j] as number) <= (a[i + 1] as number)) return true;
    }
  }
  return false;
}
