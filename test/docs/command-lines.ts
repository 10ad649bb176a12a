/** A command line of ours in a document, as its words. */
export interface DocumentedLine {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  /** After `probe-run`. */
  readonly argv: readonly string[];
  /** In a block, where it is complete; in running text it may lack its arguments. */
  readonly isWhole: boolean;
}

const CALL = /(?:^|[\s(;&|{])(?:npx )?probe-run (?=\S)/;

/** Every command line in the shell blocks and in the code spans of a page. Those with placeholders (`<probe>`, `…`) are left out. */
export function documentedLines(page: string, markdown: string): DocumentedLine[] {
  const found: DocumentedLine[] = [];
  let language: string | null = null;
  for (const [index, raw] of joined(markdown).entries()) {
    const fence = /^ *```(\w*)/.exec(raw);
    if (fence !== null) language = language === null ? (fence[1] as string) : null;
    else if (language === "sh" || language === "bash") found.push(...callsIn(raw, true, page, index + 1));
    else if (language === "console" && raw.startsWith("$ ")) found.push(...callsIn(raw.slice(2), true, page, index + 1));
    else if (language === null) for (const [, span = ""] of raw.matchAll(/`([^`]+)`/g)) found.push(...callsIn(span, false, page, index + 1));
  }
  return found;
}

/** Lines that end in a backslash go on in the next one; blank lines take their place, so that line numbers stay. */
function joined(markdown: string): string[] {
  const lines = markdown.split("\n");
  for (let index = lines.length - 2; index >= 0; index--) {
    if (!(lines[index] as string).endsWith("\\")) continue;
    lines[index] = `${(lines[index] as string).slice(0, -1)}${lines[index + 1]}`;
    lines[index + 1] = "";
  }
  return lines;
}

function callsIn(text: string, isWhole: boolean, page: string, line: number): DocumentedLine[] {
  const calls: DocumentedLine[] = [];
  for (let rest = text, call = CALL.exec(rest); call !== null; call = CALL.exec(rest)) {
    if (rest.slice(0, call.index).includes("#")) break;
    rest = rest.slice(call.index + call[0].length);
    const argv = firstCommand(rest);
    if (!argv.some((word) => /[<>…$]|\.\.\.$/.test(word))) calls.push({ page, line, text, argv, isWhole });
  }
  return calls;
}

/** The words of the first command of a shell line: up to a pipe, a semicolon, a redirection or a comment. */
function firstCommand(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|[^\s"';|&])+|[;|&]+/g)) {
    if (/^([;|&#]|\d?>|<[^>]*$)/.test(word)) break;
    words.push(word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_, double?: string, single?: string) => single ?? (double ?? "").replace(/\\(.)/g, "$1")));
  }
  return words;
}
