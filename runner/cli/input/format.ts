/** What inputs may be written in. */
export type Format = "json" | "jsonl" | "yaml" | "csv";

/** By the end of a file's name. */
const ENDINGS: Readonly<Record<string, Format>> = { json: "json", jsonl: "jsonl", ndjson: "jsonl", yaml: "yaml", yml: "yaml", csv: "csv" };

/** The format that a file's name promises; null if it promises none. */
export function formatOfName(name: string): Format | null {
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(ENDINGS, ending) ? (ENDINGS[ending] as Format) : null;
}

/** The format of a text without a name, such as stdin, by its first line that is not blank. */
export function formatOfText(firstLine: string): Format {
  const line = firstLine.trim();
  if (/^[[{"]/.test(line)) return isJson(line) && !line.startsWith("[") ? "jsonl" : "json";
  return /^(---|%YAML|#|- |-$|['\w.-]+\s*:(\s|$))/.test(line) ? "yaml" : "csv";
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Whether a word on the command line can only mean a file, even if there is none of that name. */
export function looksLikeFile(word: string): boolean {
  return formatOfName(word) !== null || /\.(txt|tsv)$/i.test(word) || /^[.~]{0,2}\//.test(word) || hasFolder(word);
}

/** A slash before any @ or colon, after more than the digits and dots of a network such as 192.0.2.0/24. */
function hasFolder(word: string): boolean {
  const [head = ""] = word.split(/[@:]/, 1);
  return /[^\d.]/.test(head.slice(0, Math.max(0, head.lastIndexOf("/"))));
}
