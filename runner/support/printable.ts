/**
 * Control characters, invisible characters that change the direction of a line, and lone surrogates: they affect a terminal or mislead its reader.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;

/** Text from a server, a file or a queue, made safe for a terminal. Line feeds stay. */
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

/** Our own control sequences: the colours of runner/cli/style.ts, and the two that rewrite a progress line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const OUR_SEQUENCES = /(\u001b\[(?:[12]|2[1-9]|3[0-9]|9[0-7])m|\r\u001b\[K)/;

/** The last filter for all text on a terminal, whatever its writer forgot: only our own colours and our progress line take effect. */
export function forTerminal(text: string): string {
  return text
    .split(OUR_SEQUENCES)
    .map((piece, index) => (index % 2 === 1 ? piece : printable(piece)))
    .join("");
}

const SHORT: Readonly<Record<string, string>> = { "\t": "\\t", "\r": "\\r" };

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return SHORT[character] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : unicodeEscape(character));
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
