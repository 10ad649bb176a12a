export interface TranscriptProblem {
  line: number;
  message: string;
}

/** A transcript that cannot be read: every problem, each with its line. */
export class TranscriptError extends Error {
  override readonly name = "TranscriptError";

  constructor(
    readonly problems: readonly TranscriptProblem[],
    path: string | null = null,
  ) {
    super(`The transcript${path === null ? "" : ` ${path}`} cannot be read:\n${problems.map(({ line, message }) => `  line ${line}: ${message}`).join("\n")}`);
  }
}
