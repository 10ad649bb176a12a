import ts from "typescript";
import { inRepo } from "../repo.js";
import { printDeclaration } from "./print-declaration.js";

/** The path of the declarations for the compiler. No file is written there. */
export const FOLDER = inRepo("node_modules/.cache/probe-run/declarations");

export function isOurs(file: ts.SourceFile): boolean {
  return file.fileName.startsWith(`${FOLDER}/`);
}

/** The contents of one published file: our declarations by their symbols, under names that are unique in it. */
export class PublishedFile {
  /** The names of what the entry point exports. */
  readonly exported = new Map<ts.Symbol, string>();
  readonly #checker: ts.TypeChecker;
  readonly #published: ReadonlyMap<ts.Symbol, { name: string; from: string }>;
  /** Everything that is declared here, in the order in which it was met. */
  readonly #names = new Map<ts.Symbol, string>();
  readonly #taken = new Set<string>();
  /** By module: imported names, and how they are called here. */
  readonly #imports = new Map<string, Map<string, string>>();
  /** By module: what an entry point exports of it. */
  readonly #reexported = new Map<string, string[]>();

  constructor(checker: ts.TypeChecker, published: ReadonlyMap<ts.Symbol, { name: string; from: string }>) {
    this.#checker = checker;
    this.#published = published;
  }

  textOf(entry: ts.Symbol): string {
    for (const symbol of this.#checker.getExportsOfModule(entry)) this.#export(symbol);
    const declared: string[] = [];
    // Printing one declaration may add others to the map, which are then met in turn.
    for (const [symbol, name] of this.#names) declared.push(...printDeclaration(symbol, name, this.exported.has(symbol), this));
    const augmented = this.#augmentations();
    return `${[...this.#header(), ...declared, ...augmented, "export {};"].join("\n")}\n`;
  }

  #export(symbol: ts.Symbol): void {
    const target = this.resolve(symbol);
    const published = this.#published.get(target);
    if (published !== undefined) {
      this.#reexported.set(published.from, [
        ...(this.#reexported.get(published.from) ?? []),
        published.name === symbol.name ? symbol.name : `${published.name} as ${symbol.name}`,
      ]);
      return;
    }
    this.exported.set(target, symbol.name);
    this.#names.set(target, symbol.name);
    this.#taken.add(symbol.name);
  }
  resolve(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  /** How an identifier is written here; null where it stays as it is. */
  nameAt(node: ts.Identifier): string | null {
    const symbol = this.#checker.getSymbolAtLocation(node);
    return symbol === undefined ? null : this.nameOf(symbol);
  }

  nameOf(symbol: ts.Symbol): string | null {
    const target = this.resolve(symbol);
    if (isTopLevel(target)) return this.#ownName(target);
    return symbol === target ? null : this.#importedName(symbol, target);
  }

  #ownName(target: ts.Symbol): string {
    const known = this.#names.get(target);
    if (known !== undefined) return known;
    const published = this.#published.get(target);
    if (published !== undefined) return this.#import(published.from, published.name);
    const name = this.#unique(target.name);
    this.#names.set(target, name);
    return name;
  }

  /** What a package exports: the import by which our file knows it is repeated here. */
  #importedName(alias: ts.Symbol, target: ts.Symbol): string | null {
    const specifier = alias.declarations?.find(ts.isImportSpecifier);
    if (specifier === undefined) return null;
    const from = specifier.parent.parent.parent.moduleSpecifier as ts.StringLiteral;
    if (!/^(node:|vitest$)/.test(from.text))
      throw new Error(`${specifier.getSourceFile().fileName.slice(FOLDER.length + 1)} would publish ${target.name} of ${from.text}`);
    return this.#import(from.text, target.name);
  }

  #import(from: string, name: string): string {
    const names = this.#imports.get(from) ?? new Map<string, string>();
    this.#imports.set(from, names);
    const known = names.get(name) ?? this.#unique(name);
    names.set(name, known);
    return known;
  }

  #unique(name: string): string {
    let free = name;
    // A name of the language's libraries would hide them from the declarations that mean them.
    for (let number = 2; this.#taken.has(free) || this.#isGlobal(free); number++) free = `${name}${number}`;
    this.#taken.add(free);
    return free;
  }

  #isGlobal(name: string): boolean {
    return this.#checker.resolveName(name, undefined, ts.SymbolFlags.Type | ts.SymbolFlags.Value, false) !== undefined;
  }

  #header(): string[] {
    const isNodes = [...this.#imports.keys()].some((from) => from.startsWith("node:"));
    const imports = [...this.#imports].map(([from, names]) => {
      const list = [...names].map(([name, here]) => (name === here ? name : `${name} as ${here}`));
      return `import type { ${list.sort().join(", ")} } from "${from}";`;
    });
    const exports = [...this.#reexported].map(([from, names]) => `export { ${names.sort().join(", ")} } from "${from}";`);
    return [...(isNodes ? ['/// <reference types="node" />'] : []), ...imports, ...exports];
  }

  /** `declare module "vitest" { … }` of files that declare something here. */
  #augmentations(): string[] {
    const files = new Set([...this.#names.keys()].flatMap((symbol) => (symbol.declarations ?? []).map((each) => each.getSourceFile())));
    return [...files]
      .flatMap((file) => file.statements.filter(ts.isModuleDeclaration))
      .filter(({ name }) => ts.isStringLiteral(name) && !name.text.startsWith("."))
      .map((statement) => statement.getText());
  }
}

/** Whether it is declared by one of our modules itself, and not within a declaration. */
function isTopLevel(symbol: ts.Symbol): boolean {
  const [declaration] = symbol.declarations ?? [];
  if (declaration === undefined || !isOurs(declaration.getSourceFile())) return false;
  const { parent } = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return ts.isSourceFile(parent) || (ts.isModuleBlock(parent) && !ts.isTypeParameterDeclaration(declaration));
}
