import ts from "typescript";
import { read } from "../files.js";

export interface FoundExpression {
  /** `runner/mail/date.ts:17` */
  readonly place: string;
  readonly source: string;
  readonly flags: string;
}

/** Every regular expression literal of these files, and every file that makes one from a text. */
export function findExpressions(files: readonly string[]): { literals: FoundExpression[]; made: string[] } {
  const literals: FoundExpression[] = [];
  const made: string[] = [];
  for (const file of files) {
    const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest);
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf("/");
        const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
        literals.push({ place: `${file}:${line + 1}`, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
      }
      if (ts.isNewExpression(node) && node.expression.getText(source) === "RegExp") made.push(file);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { literals, made };
}
