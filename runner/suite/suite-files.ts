import type { Node } from "yaml";
import type { Part, Position, SuiteDocument } from "./document.js";

type Path = readonly (string | number)[];

/** A place in one of a suite's files. */
export interface Place extends Position {
  readonly file: string;
}

/** Where a value of the joined suite was written. */
export interface Found {
  readonly document: SuiteDocument;
  readonly key: Node | null;
  readonly value: Node | null;
  /** How many steps of the path exist. */
  readonly depth: number;
}

/** What a file of a suite defines. */
interface Defines {
  readonly targets: Readonly<Record<string, unknown>>;
  readonly checks: readonly unknown[];
}

/** A suite's own file and those that it includes, which are read as one suite. A path is one of the joined suite. */
export class SuiteFiles {
  readonly #own: SuiteDocument;
  /** By index of the joined suite. */
  readonly #checks: { readonly document: SuiteDocument; readonly index: number }[] = [];
  readonly #targets = new Map<string, SuiteDocument>();

  constructor(
    own: SuiteDocument,
    readonly documents: readonly SuiteDocument[] = [own],
    defines: readonly Defines[] = [],
  ) {
    this.#own = own;
    for (const [place, { targets, checks }] of defines.entries()) {
      const document = documents[place] as SuiteDocument;
      for (const index of checks.keys()) this.#checks.push({ document, index });
      for (const name of Object.keys(targets)) if (!this.#targets.has(name)) this.#targets.set(name, document);
    }
  }

  /** The suite's own file. */
  get file(): string {
    return this.#own.file;
  }

  /** The nodes at a path, or of its nearest existing parent. */
  find(path: Path): Found {
    const { document, local } = this.#locate(path);
    return { document, ...document.find(local) };
  }

  position(path: Path, part: Part = "value"): Place {
    const { document, ...found } = this.find(path);
    return { file: document.file, ...document.positionOf(found[part]) };
  }

  #locate(path: Path): { document: SuiteDocument; local: Path } {
    const [field, name, ...rest] = path;
    if (field === "checks") {
      const check = this.#checks[Number(name)];
      if (check !== undefined) return { document: check.document, local: [field, check.index, ...rest] };
    }
    const document = field === "targets" ? this.#targets.get(String(name)) : undefined;
    return { document: document ?? this.#own, local: path };
  }
}
