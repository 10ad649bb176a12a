import type { Document, Node, Pair, Scalar, YAMLMap } from "yaml";
import { type Problem, SuiteError } from "./problem.js";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What of a field a position is asked for: its value, or the name that stands before it. */
export type Part = "key" | "value";

type Path = readonly (string | number)[];
type Yaml = typeof import("yaml");

/** A suite's YAML, which knows where each of its values stands. Only here is the YAML library used. */
export class SuiteDocument {
  /** Rejects with a SuiteError when the text is not well-formed. */
  static async parse(file: string, text: string): Promise<SuiteDocument> {
    // Imported when a suite is read: every other command starts without it.
    return new SuiteDocument(file, text, await import("yaml"));
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
    // Once the parser has lost its way, every token is unexpected: only the first of them says something.
    const wrong = [...this.#document.errors, ...this.#document.warnings].filter(({ code }, index) => index === 0 || code !== "UNEXPECTED_TOKEN");
    if (wrong.length === 0) {
      this.#checkAliases();
      return;
    }
    throw new SuiteError(
      wrong.map(({ message, pos: [at] }) => ({ file, ...this.#at(at), message: `not well-formed YAML: ${inOneLine(message)}`, hint: hintAt(text, at) })),
    );
  }

  /** The values alone. */
  value(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: MOST_ALIASES });
    } catch (error) {
      throw new SuiteError([{ file: this.file, line: 1, column: 1, message: (error as Error).message, hint: "write less with anchors" }]);
    }
  }

  /** Every scalar that is no name of a field; inside a node where one is given. */
  values(within: Node | null = null): Scalar[] {
    const found: Scalar[] = [];
    const collect = (place: unknown, scalar: Scalar): void => {
      if (place !== "key") found.push(scalar);
    };
    this.#yaml.visit(within ?? this.#document, { Scalar: collect });
    return found;
  }

  /** Where the value at a path stands; what holds it when there is none. */
  position(path: Path, part: Part = "value"): Position {
    return this.positionOf(this.find(path)[part]);
  }

  positionOf(node: Node | null): Position {
    return this.#at(node?.range?.[0] ?? 0);
  }

  /** The node at a path and the node of its name, or the last ones on the way that are there. */
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

  #checkAliases(): void {
    const problems: Problem[] = [];
    this.#yaml.visit(this.#document, {
      Alias: (_, alias) => {
        if (alias.resolve(this.#document) !== undefined) return;
        problems.push({ file: this.file, ...this.positionOf(alias), message: `there is no anchor &${alias.source} before this`, hint: null });
      },
    });
    if (problems.length > 0) throw new SuiteError(problems);
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

const MOST_ALIASES = 1000;

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
