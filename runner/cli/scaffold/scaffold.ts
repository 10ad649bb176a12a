/** The files that `probe-run new` writes, and the next steps. */
export interface Scaffold {
  /** By path relative to the scaffold's root. */
  readonly files: Readonly<Record<string, string>>;
  /** The commands to run next. */
  readonly next: readonly string[];
}

/** What the peer in the new probe's test does. */
export function transcriptOf(id: string): string {
  return `# A server that greets each client.
S: welcome to ${id}
`;
}
