import type { Position, SuiteDocument } from "../../suite/document.js";

/** Something in a module that cannot be done: the module is not served, and everything else is. */
export interface ModuleProblem extends Position {
  readonly module: string;
  readonly message: string;
}

type Path = readonly (string | number)[];

/** A mapping of the configuration. Keys that nothing asked for are reported by end(). */
export class Section {
  readonly #asked = new Set<string>();
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(
    readonly document: SuiteDocument,
    readonly module: string,
    readonly path: Path,
    value: unknown,
    readonly problems: ModuleProblem[],
  ) {
    if (value !== undefined && value !== null && !isMapping(value)) this.wrong(null, "a mapping is expected here");
    this.#values = isMapping(value) ? value : {};
  }

  has(name: string): boolean {
    return this.#take(name) !== undefined;
  }

  text(name: string): string | null {
    const value = this.#take(name);
    if (value === undefined || typeof value === "string") return value ?? null;
    if (typeof value === "number") return String(value);
    return this.#mismatch(name, "a text");
  }

  flag(name: string): boolean | null {
    const value = this.#take(name);
    return value === undefined || typeof value === "boolean" ? (value ?? null) : this.#mismatch(name, "true or false");
  }

  whole(name: string): number | null {
    const value = this.#take(name);
    return value === undefined || Number.isSafeInteger(value) ? ((value as number | undefined) ?? null) : this.#mismatch(name, "a whole number");
  }

  texts(name: string): string[] {
    return this.#list(name, "a list of texts", (item): item is string => typeof item === "string");
  }

  wholes(name: string): number[] {
    return this.#list(name, "a list of whole numbers", (item): item is number => Number.isSafeInteger(item));
  }

  mapping(name: string): Readonly<Record<string, unknown>> | null {
    const value = this.#take(name);
    return value === undefined || isMapping(value) ? ((value as Record<string, unknown> | undefined) ?? null) : this.#mismatch(name, "a mapping");
  }

  section(name: string): Section {
    return new Section(this.document, this.module, [...this.path, name], this.#take(name), this.problems);
  }

  sections(name: string): Section[] {
    const value = this.#take(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.wrong(name, "a list is expected here");
      return [];
    }
    return value.map((item, index) => new Section(this.document, this.module, [...this.path, name, index], item, this.problems));
  }

  /** Reports a value that was read and cannot be used; without a name, the whole section. */
  wrong(name: string | number | null, message: string): void {
    const path = name === null ? this.path : [...this.path, name];
    this.problems.push({ module: this.module, ...this.document.position(path, name === null ? "key" : "value"), message });
  }

  /** Every key that is left is one that we do not know or cannot do. A value that changes nothing is no problem. */
  end(): void {
    for (const [name, value] of Object.entries(this.#values)) {
      if (this.#asked.has(name) || isNothing(value)) continue;
      this.problems.push({
        module: this.module,
        ...this.document.position([...this.path, name], "key"),
        message: `${[...this.path.slice(2), name].join(".")} is not supported`,
      });
    }
  }

  #take(name: string): unknown {
    this.#asked.add(name);
    return this.#values[name] ?? undefined;
  }

  #list<Item>(name: string, what: string, fits: (item: unknown) => item is Item): Item[] {
    const value = this.#take(name);
    if (value === undefined) return [];
    return Array.isArray(value) && value.every(fits) ? value : (this.#mismatch(name, what) ?? []);
  }

  #mismatch(name: string, what: string): null {
    this.wrong(name, `${name} must be ${what}`);
    return null;
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isNothing(value: unknown): boolean {
  if (value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.values(value as object).every(isNothing);
}
