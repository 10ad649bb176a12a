import type { Alias, Document, Node, Pair, Scalar, YAMLMap } from "yaml";
import { type Problem, SuiteError } from "./problem.js";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The part of a field that a position refers to: its value, or its name. */
export type Part = "key" | "value";

type Path = readonly (string | number)[];
type Yaml = typeof import("yaml");

/** A suite's YAML, which knows the positions of its values. The YAML library is only used here. */
export class SuiteDocument {
  /** Rejects with a SuiteError if the text is not well-formed. */
  static async parse(file: string, text: string): Promise<SuiteDocument> {
    const wrong = (message: string): SuiteError => new SuiteError([{ file, line: 1, column: 1, message, hint: "split it into several suites" }]);
    if (text.length > MAX_CHARACTERS) throw wrong(`the suite has ${text.length} characters, and may have ${MAX_CHARACTERS}`);
    try {
      // Imported when a suite is read, so that other commands start without it.
      return new SuiteDocument(file, text, await import("yaml"));
    } catch (error) {
      if (error instanceof RangeError) throw wrong("the suite is nested too deeply");
      throw error;
    }
  }

  readonly #yaml: Yaml;
  readonly #lines;
  readonly #document: Document.Parsed;

  private constructor(
    readonly file: string,
    text: string,
    yaml: Yaml,
  ) {
    this.#yaml = yaml;
    this.#lines = new yaml.LineCounter();
    this.#document = yaml.parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, merge: true, logLevel: "silent" });
    // After a parser error every token is unexpected: only the first error is reported.
    const wrong = [...this.#document.errors, ...this.#document.warnings].filter(({ code }, index) => index === 0 || code !== "UNEXPECTED_TOKEN");
    if (wrong.length === 0) {
      this.#checkAliases();
      return;
    }
    throw new SuiteError(
      wrong.map(({ message, pos: [at] }) => ({ file, ...this.#at(at), message: `not well-formed YAML: ${inOneLine(message)}`, hint: hintAt(text, at) })),
    );
  }

  /** Only the values. */
  value(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (error) {
      throw new SuiteError([{ file: this.file, line: 1, column: 1, message: (error as Error).message, hint: LESS }]);
    }
  }

  /** All scalars that are not names of fields; inside a node if one is given. */
  values(within: Node | null = null): Scalar[] {
    const found: Scalar[] = [];
    const collect = (place: unknown, scalar: Scalar): void => {
      if (place !== "key") found.push(scalar);
    };
    this.#yaml.visit(within ?? this.#document, { Scalar: collect });
    return found;
  }

  /** The position of the value at a path, or of its nearest existing parent. */
  position(path: Path, part: Part = "value"): Position {
    return this.positionOf(this.find(path)[part]);
  }

  positionOf(node: Node | null): Position {
    return this.#at(node?.range?.[0] ?? 0);
  }

  /** The node at a path and the node of its name, or of the nearest existing parent. */
  find(path: Path): { key: Node | null; value: Node | null; depth: number } {
    let value = this.#resolved(this.#document.contents);
    let key: Node | null = value;
    for (const [depth, step] of path.entries()) {
      const child = this.#child(value, step);
      if (child === null) return { key, value, depth };
      key = child.key;
      value = this.#resolved(child.value) ?? child.key;
    }
    return { key, value, depth: path.length };
  }

  /** In one walk, before any alias is resolved: each follows its anchor, none is inside its own value, and their number is limited. */
  #checkAliases(): void {
    const problems: Problem[] = [];
    const anchors = new Map<string, Node>();
    const sizes = new Map<Node, number>();
    const open = new Set<Node>();
    let aliases = 0;
    let written = 0;
    const problem = (node: Node, message: string, hint: string | null = null): Problem => ({ file: this.file, ...this.positionOf(node), message, hint });
    const sizeOfAlias = (alias: Alias): number => {
      aliases += 1;
      if (aliases > MAX_ALIASES) throw new SuiteError([problem(alias, `this is alias ${aliases}, and a suite may have ${MAX_ALIASES}`, LESS)]);
      const anchored = anchors.get(alias.source);
      if (anchored === undefined) problems.push(problem(alias, `there is no anchor &${alias.source} before this`));
      else if (open.has(anchored)) throw new SuiteError([problem(alias, `*${alias.source} stands inside of &${alias.source}: that has no end`)]);
      return anchored === undefined ? 1 : (sizes.get(anchored) ?? 1);
    };
    const sizeOf = (node: Node | null): number => {
      if (node === null) {
        written += 1;
        return 1;
      }
      if (this.#yaml.isAlias(node)) return sizeOfAlias(node);
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      written += 1;
      open.add(node);
      const size = this.#children(node).reduce((sum, child) => sum + sizeOf(child), 1);
      // What is written is limited by its characters.
      if (size - written > MAX_VALUES) throw new SuiteError([problem(node, `its aliases stand for more than ${MAX_VALUES} values`, LESS)]);
      open.delete(node);
      sizes.set(node, size);
      return size;
    };
    sizeOf(this.#document.contents);
    if (problems.length > 0) throw new SuiteError(problems);
  }

  #children(node: Node): (Node | null)[] {
    if (this.#yaml.isSeq(node)) return node.items as Node[];
    return this.#yaml.isMap(node) ? (node as YAMLMap<Node, Node | null>).items.flatMap(({ key, value }) => [key, value]) : [];
  }

  #resolved(node: Node | null): Node | null {
    return this.#yaml.isAlias(node) ? (node.resolve(this.#document) ?? node) : node;
  }

  #child(node: Node | null, step: string | number): { key: Node | null; value: Node | null } | null {
    if (this.#yaml.isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      return item === undefined ? null : { key: item, value: item };
    }
    if (!this.#yaml.isMap(node)) return null;
    const pair = (node as YAMLMap<Node, Node | null>).items.find(({ key }) => this.#nameOf(key) === String(step)) as Pair<Node, Node | null> | undefined;
    return pair === undefined ? null : { key: pair.key, value: pair.value };
  }

  #nameOf(key: Node): string {
    return this.#yaml.isScalar(key) ? String(key.value) : String(key);
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

/** Enough for the ten thousand checks that a suite may have, in a short line each. */
export const MAX_CHARACTERS = 1024 * 1024;
const MAX_ALIASES = 1000;
const MAX_VALUES = 100_000;
const LESS = "write less with anchors";

function hintAt(text: string, at: number): string | null {
  return text.startsWith("${", at - 1) ? `inside {…} and […] a variable needs quotes: "\${NAME}"` : null;
}

function inOneLine(message: string): string {
  return message
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(" ");
}
