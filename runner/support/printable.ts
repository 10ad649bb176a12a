/** Control characters, the invisible ones that turn the direction of a line, and lone surrogates: they act on a terminal, or mislead its reader. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;

/** What a server sent, or a person wrote, safe for a terminal. Line feeds stay. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll("\n", "\\n");
}

/** The same for JSON text: an escape that every JSON parser reads back. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, unicodeEscape);
}

const SHORT: Readonly<Record<string, string>> = { "\t": "\\t", "\r": "\\r" };

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return SHORT[character] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : unicodeEscape(character));
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
