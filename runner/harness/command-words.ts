/** The program and its arguments in a `command:` reference. Split at white space only: no shell reads it, and no quotes. */
export function commandWords(line: string): string[] {
  return line.trim().split(/\s+/);
}
