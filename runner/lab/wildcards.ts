/** What a client writes differently in every run, or on every machine. What is in the group before it stays. */
const VARIABLE: readonly RegExp[] = [
  // What the masked trace shows for a secret.
  /()\[secret\]/g,
  // The name of the machine in EHLO (RFC 5321, 4.1.1.1).
  /(^(?:EHLO|HELO|LHLO) ).+$/gi,
  // Fields of a message, and the address of a request.
  /(^(?:Message-ID|Date|Host): ?).+$/gi,
  // The size of a message with such fields (RFC 1870).
  /(\bSIZE=)\d+/gi,
  // ISO 8601 with the token of a test subject after it, and the date of an IMAP search.
  /()\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z(?: [0-9a-f]{6}\b)?/g,
  /()\b\d{1,2}-[A-Z][a-z]{2}-\d{4}\b/g,
];

const LONG_WORD = /[\w+/-]{12,}={0,2}/g;

/** A nonce: a long word with letters and digits among each other. */
function isNonce(word: string): boolean {
  const kinds = [...word].flatMap((character) => (/\d/.test(character) ? ["digit"] : /[A-Za-z]/.test(character) ? ["letter"] : []));
  const turns = kinds.filter((kind, index) => index > 0 && kind !== kinds[index - 1]).length;
  return turns >= 2;
}

/** The pattern of a C line that matches the line in any run. The rest is escaped, and a star of the line itself stays one. */
export function withWildcards(line: string, escaped: (text: string) => string): string {
  // A character that occurs in no line: stands for a wildcard until the rest is escaped.
  const mark = "\n";
  const marked = VARIABLE.reduce((text, pattern) => text.replace(pattern, `$1${mark}`), line);
  return marked
    .replace(LONG_WORD, (word) => (isNonce(word) ? mark : word))
    .split(mark)
    .map((part) => escaped(part).replaceAll("*", "\\*"))
    .join("*");
}
