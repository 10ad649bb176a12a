import { createRequire } from "node:module";
import { dirname, join } from "node:path/posix";
import type ts from "typescript";
import { read } from "./files.js";

// Node searches what is imported for its names, which takes long in so large a file.
const typescript: typeof ts = createRequire(import.meta.url)("typescript");

/** One module that a source file names, and what it takes from it: null for the whole module. */
export interface Import {
  from: string;
  /** A path from the top of the repo where it is ours, else the name as it is written. */
  module: string;
  names: string[] | null;
}

const PARSING = { languageVersion: typescript.ScriptTarget.ESNext, jsDocParsingMode: typescript.JSDocParsingMode.ParseNone };
/** What may name a module anywhere in a file; declarations stand at its top, so other files need no walk through their whole tree. */
const CALLED = /\b(?:import|require)\b[^"'`\n]*\(/;
/** The end of a declaration that names a module. What follows the last one is most of a file, and need not be parsed. */
const DECLARED = /\b(?:from|import)\s*["'][^"'\n]*["']/g;

export function importsOf(path: string): Import[] {
  return importsIn(path, read(path));
}

export function importsIn(path: string, code: string): Import[] {
  const isAnywhere = CALLED.test(code);
  const source = typescript.createSourceFile(path, isAnywhere ? code : declarations(code), PARSING);
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node, source);
    if (specifier !== null) found.push({ from: path, module: resolved(path, specifier), names: namesOf(node) });
    if (isAnywhere) typescript.forEachChild(node, visit);
  };
  typescript.forEachChild(source, visit);
  return found;
}

function declarations(code: string): string {
  const last = [...code.matchAll(DECLARED)].at(-1);
  return last === undefined ? "" : code.slice(0, last.index + last[0].length);
}

/** import … from, export … from, import(), and import() as a type. */
function specifierOf(node: ts.Node, source: ts.SourceFile): string | null {
  let named: ts.Node | undefined;
  if (typescript.isImportDeclaration(node) || typescript.isExportDeclaration(node)) named = node.moduleSpecifier;
  else if (typescript.isCallExpression(node) && (node.expression.kind === typescript.SyntaxKind.ImportKeyword || node.expression.getText(source) === "require"))
    named = node.arguments[0];
  else if (typescript.isImportTypeNode(node) && typescript.isLiteralTypeNode(node.argument)) named = node.argument.literal;
  return named !== undefined && typescript.isStringLiteralLike(named) ? named.text : null;
}

function namesOf(node: ts.Node): string[] | null {
  if (!typescript.isImportDeclaration(node)) return null;
  const bindings = node.importClause?.namedBindings;
  if (node.importClause?.name !== undefined || bindings === undefined || !typescript.isNamedImports(bindings)) return null;
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text);
}

function resolved(path: string, specifier: string): string {
  return specifier.startsWith(".") ? join(dirname(path), specifier).replace(/\.js$/, ".ts") : specifier;
}
