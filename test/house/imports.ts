import { dirname, join } from "node:path/posix";
import ts from "typescript";
import { read } from "./files.js";

/** One module that a source file names, and what it takes from it: null for the whole module. */
export interface Import {
  from: string;
  /** A path from the top of the repo where it is ours, else the name as it is written. */
  module: string;
  names: string[] | null;
}

export function importsOf(path: string): Import[] {
  return importsIn(path, read(path));
}

export function importsIn(path: string, code: string): Import[] {
  const source = ts.createSourceFile(path, code, ts.ScriptTarget.ESNext, true);
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== null) found.push({ from: path, module: resolved(path, specifier), names: namesOf(node) });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** import … from, export … from, import(), and import() as a type. */
function specifierOf(node: ts.Node): string | null {
  let named: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) named = node.moduleSpecifier;
  else if (ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === "require"))
    named = node.arguments[0];
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) named = node.argument.literal;
  return named !== undefined && ts.isStringLiteralLike(named) ? named.text : null;
}

function namesOf(node: ts.Node): string[] | null {
  if (!ts.isImportDeclaration(node)) return null;
  const bindings = node.importClause?.namedBindings;
  if (node.importClause?.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings)) return null;
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text);
}

function resolved(path: string, specifier: string): string {
  return specifier.startsWith(".") ? join(dirname(path), specifier).replace(/\.js$/, ".ts") : specifier;
}
