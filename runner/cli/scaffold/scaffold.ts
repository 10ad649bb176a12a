/** What `probe-run new` writes, and what to do with it. */
export interface Scaffold {
  /** By path below the scaffold's root. */
  readonly files: Readonly<Record<string, string>>;
  /** What to type next. */
  readonly next: readonly string[];
}

/** What the peer of the new probe's test does. */
export function transcriptOf(id: string): string {
  return `# A server that greets each client.
S: welcome to ${id}
`;
}
