/** The formats of inputs. */
export type Format = "json" | "jsonl" | "yaml" | "csv";

/** By file extension. */
const ENDINGS: Readonly<Record<string, Format>> = { json: "json", jsonl: "jsonl", ndjson: "jsonl", yaml: "yaml", yml: "yaml", csv: "csv" };

/** The format for a file's extension; null if it has none. */
export function formatOfName(name: string): Format | null {
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(ENDINGS, ending) ? (ENDINGS[ending] as Format) : null;
}

/** The format of text without a file name, such as stdin, by its first non-blank line. */
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

/** Whether a word can only be a file name, even if no such file exists. */
export function looksLikeFile(word: string): boolean {
  return formatOfName(word) !== null || /\.(txt|tsv)$/i.test(word) || /^[.~]{0,2}\//.test(word) || hasFolder(word);
}

/** A slash before any @ or colon, unless it follows digits and dots as in 192.0.2.0/24. */
function hasFolder(word: string): boolean {
  const [head = ""] = word.split(/[@:]/, 1);
  return /[^\d.]/.test(head.slice(0, Math.max(0, head.lastIndexOf("/"))));
}
