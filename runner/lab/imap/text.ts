/** A text as a quoted string, or as a literal if it cannot be quoted. */
export function imapString(text: string): string {
  return /[\r\n\0\x80-\xff]/.test(text) ? literal(text) : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** One character a byte. */
export function literal(bytes: string): string {
  return `{${bytes.length}}\r\n${bytes}`;
}
