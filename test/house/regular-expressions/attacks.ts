import { type CharacterSet, type PatternNode, parsePattern } from "../../../schemas/regular-expression-syntax.js";

/** How a text is made that keeps a backtracking matcher busy: `prefix`, then `pump` again and again, then `suffix`, which does not match. */
export interface Attack {
  readonly prefix: string;
  readonly pump: string;
  readonly suffix: string;
}

export function attackText({ prefix, pump, suffix }: Attack, length: number): string {
  const times = Math.max(1, Math.floor((length - prefix.length - suffix.length) / pump.length));
  return prefix + pump.repeat(times) + suffix;
}

/** Repetitions of up to this many are not worth an attack of their own. */
const FEW = 16;
const SUFFIXES = ["\0", "\n\0"];

/**
 * Texts that repeat what one of the expression's repetitions matches, after what must come before it; or that begin to match again and
 * again, at every place, and never end.
 */
export function attacksOn(source: string): Attack[] {
  const characters = new Characters(source);
  const attacks = new Map<string, Attack>();
  const add = (prefix: string, pump: string): void => {
    if (pump === "") return;
    for (const suffix of SUFFIXES) attacks.set(JSON.stringify([prefix, pump, suffix]), { prefix, pump, suffix });
  };
  for (const { before, part } of repetitions(parsePattern(source), [""], characters)) {
    const pumps = characters.samplesOf(part);
    for (const prefix of before) {
      for (const pump of pumps) {
        add(prefix, pump);
        add("", pump);
        add("", prefix + pump);
      }
    }
  }
  return [...attacks.values()];
}

interface Repetition {
  /** Texts that may come before it. */
  readonly before: readonly string[];
  readonly part: PatternNode;
}

function repetitions(node: PatternNode, before: readonly string[], characters: Characters): Repetition[] {
  switch (node.kind) {
    case "empty":
    case "character":
      return [];
    case "look":
      return repetitions(node.part, before, characters);
    case "choice":
      return node.parts.flatMap((part) => repetitions(part, before, characters));
    case "repeat":
      return [...(node.max > FEW ? [{ before, part: node.part }] : []), ...repetitions(node.part, before, characters)];
    case "sequence": {
      let texts = before;
      return node.parts.flatMap((part) => {
        const found = repetitions(part, texts, characters);
        const samples = characters.samplesOf(part);
        texts = few(texts.flatMap((text) => samples.map((sample) => text + sample)));
        return found;
      });
    }
  }
}

const MAX_TEXTS = 4;

function few(texts: readonly string[]): string[] {
  return [...new Set(texts)].slice(0, MAX_TEXTS);
}

/** Characters worth trying: those that other parts of the expression match too make it try again. */
class Characters {
  readonly #candidates: readonly string[];

  constructor(source: string) {
    this.#candidates = [...new Set([...' \ta0=\\"<@.-(;:,', ...source.replaceAll(/\\[a-zA-Z]/g, "")])];
  }

  /** Some short texts that the part matches. */
  samplesOf(node: PatternNode): string[] {
    switch (node.kind) {
      case "empty":
      case "look":
        return [""];
      case "character":
        return this.#inSet(node.set);
      case "choice":
        return few(node.parts.flatMap((part) => this.samplesOf(part).slice(0, 2)));
      case "repeat":
        return few(this.samplesOf(node.part).map((sample) => sample.repeat(Math.min(node.max, Math.max(1, node.min)))));
      case "sequence":
        return node.parts.reduce<string[]>((texts, part) => few(texts.flatMap((text) => this.samplesOf(part).map((sample) => text + sample))), [""]);
    }
  }

  #inSet(set: CharacterSet): string[] {
    const found = this.#candidates.filter((character) => isIn(set, character.codePointAt(0) as number)).slice(0, MAX_TEXTS + 2);
    return found.length > 0 ? found : [String.fromCodePoint(set[0] ?? 0)];
  }
}

function isIn(set: CharacterSet, point: number): boolean {
  for (let index = 0; index < set.length; index += 2) if (point >= (set[index] as number) && point <= (set[index + 1] as number)) return true;
  return false;
}
