import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";
import { SuiteError } from "./problem.js";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What of a field a position is asked for: its value, or the name that stands before it. */
export type Part = "key" | "value";

type Path = readonly (string | number)[];

/** A suite's YAML, which knows where each of its values stands. */
export class SuiteDocument {
  readonly #lines = new LineCounter();
  readonly yaml: Document.Parsed;

  constructor(
    readonly file: string,
    text: string,
  ) {
    this.yaml = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, merge: true, logLevel: "silent" });
    const wrong = [...this.yaml.errors, ...this.yaml.warnings];
    if (wrong.length === 0) return;
    throw new SuiteError(wrong.map(({ message, pos }) => ({ file, ...this.#at(pos[0]), message: `not well-formed YAML: ${inOneLine(message)}`, hint: null })));
  }

  /** The values alone. */
  value(): unknown {
    try {
      return this.yaml.toJS({ maxAliasCount: 1000 });
    } catch (error) {
      throw new SuiteError([{ file: this.file, line: 1, column: 1, message: (error as Error).message, hint: "write less with anchors" }]);
    }
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
    let value = this.#resolved(this.yaml.contents);
    let key: Node | null = value;
    for (const [depth, step] of path.entries()) {
      const child = childOf(value, step);
      if (child === null) return { key, value, depth };
      key = child.key;
      value = this.#resolved(child.value) ?? child.key;
    }
    return { key, value, depth: path.length };
  }

  #resolved(node: unknown): Node | null {
    return isAlias(node) ? (node.resolve(this.yaml) ?? node) : (node as Node | null);
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

function childOf(node: Node | null, step: string | number): { key: Node | null; value: Node | null } | null {
  if (isSeq(node)) {
    const item = node.items[Number(step)] as Node | undefined;
    return item === undefined ? null : { key: item, value: item };
  }
  if (!isMap(node)) return null;
  const pair = (node as YAMLMap).items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === String(step));
  return pair === undefined ? null : { key: pair.key as Node, value: pair.value as Node | null };
}

function inOneLine(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, " ").trim();
}
