import { UsageError } from "../usage-error.js";

const WORD = /\s*((?:"[^"]*"|'[^']*'|[^\s"'])+)/y;

/** The words of a command line without their quotes. No shell is involved, so nothing else is special. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  WORD.lastIndex = 0;
  let end = 0;
  for (let match = WORD.exec(line); match !== null; match = WORD.exec(line)) {
    words.push((match[1] as string).replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ""));
    end = WORD.lastIndex;
  }
  if (words.length === 0) throw new UsageError("--exec needs a program");
  if (line.slice(end).trim() !== "") throw new UsageError("--exec has an unclosed quote", "no shell is used: quotes only group words");
  return words;
}
