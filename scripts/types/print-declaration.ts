import ts from "typescript";

/** What knows how names are written in the file that is printed. */
interface Names {
  nameAt(node: ts.Identifier): string | null;
  nameOf(symbol: ts.Symbol): string | null;
}

/** The text of a symbol's declaration, under another name. */
export function printDeclaration(symbol: ts.Symbol, name: string, isExported: boolean, names: Names): string[] {
  const declarations = (symbol.declarations ?? []).filter((each) => !isEmptyInterface(each));
  const printed = declarations.map((declaration) => {
    return `${comment(statementOf(declaration))}${keywords(declaration, isExported)}${body(declaration, name, names)}`;
  });
  return printed.length > 0 ? printed : [`${isExported ? "export " : ""}interface ${name} {}`];
}

/** One that only other declarations of the same interface fill. */
function isEmptyInterface(declaration: ts.Declaration): boolean {
  return ts.isInterfaceDeclaration(declaration) && declaration.members.length === 0 && declaration.heritageClauses === undefined;
}

function statementOf(declaration: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
}

function keywords(declaration: ts.Declaration, isExported: boolean): string {
  const isValue = ts.isFunctionDeclaration(declaration) || ts.isClassDeclaration(declaration) || ts.isVariableDeclaration(declaration);
  const isAbstract = ts.isClassDeclaration(declaration) && ts.canHaveModifiers(declaration) && hasModifier(declaration, ts.SyntaxKind.AbstractKeyword);
  const kind = ts.isVariableDeclaration(declaration) ? "const" : "";
  const words = [isExported ? "export" : "", isValue ? "declare" : "", isAbstract ? "abstract" : "", kind];
  return words.map((word) => (word === "" ? "" : `${word} `)).join("");
}

function hasModifier(declaration: ts.ClassDeclaration, kind: ts.SyntaxKind): boolean {
  return declaration.modifiers?.some((modifier) => modifier.kind === kind) ?? false;
}

/** The last comment before a statement, where it documents it. */
function comment(statement: ts.Node): string {
  const text = statement.getSourceFile().text;
  const range = ts.getLeadingCommentRanges(text, statement.pos)?.at(-1);
  if (range === undefined || !text.startsWith("/**", range.pos)) return "";
  return `${text.slice(range.pos, range.end)}\n`;
}

/** The text from the keyword on, with each name as it is known here. */
function body(declaration: ts.Declaration, name: string, names: Names): string {
  const edits: { start: number; end: number; text: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportTypeNode(node)) {
      visitImport(node);
      return;
    }
    if (ts.isIdentifier(node)) {
      const written = node === (declaration as ts.NamedDeclaration).name ? name : names.nameAt(node);
      if (written !== null && written !== node.text) edits.push({ start: node.getStart(), end: node.end, text: written });
    }
    ts.forEachChild(node, visit);
  };
  const visitImport = (node: ts.ImportTypeNode): void => {
    const last = node.qualifier === undefined ? undefined : ts.isIdentifier(node.qualifier) ? node.qualifier : node.qualifier.right;
    const written = last === undefined ? null : names.nameAt(last);
    if (last === undefined || written === null) throw new Error(`${node.getText()} cannot be published`);
    edits.push({ start: node.getStart(), end: last.end, text: `${node.isTypeOf ? "typeof " : ""}${written}` });
    node.typeArguments?.forEach(visit);
  };
  ts.forEachChild(declaration, visit);
  const start = firstWord(declaration);
  let text = declaration.getSourceFile().text.slice(start, declaration.end);
  for (const { start: from, end, text: written } of edits.sort((one, other) => other.start - one.start)) {
    text = text.slice(0, from - start) + written + text.slice(end - start);
  }
  return ts.isVariableDeclaration(declaration) ? `${text};` : text;
}

/** Where a declaration begins once its modifiers are left out. */
function firstWord(declaration: ts.Declaration): number {
  const modifiers = ts.canHaveModifiers(declaration) ? declaration.modifiers : undefined;
  const after = modifiers?.at(-1)?.end ?? declaration.getStart();
  return after + (/^\s*/.exec(declaration.getSourceFile().text.slice(after))?.[0].length ?? 0);
}
