import { TranscriptError } from "../lab/transcript-error.js";
import { readTranscripts } from "../lab/transcript-file.js";
import { fileProblem } from "../support/file-error.js";

/** Why the transcript of a file cannot be played, with its name; empty if it can be. */
export function transcriptProblems(path: string): string[] {
  try {
    // A suite has no certificates to choose from.
    const named = readTranscripts(path).flatMap(({ steps }) =>
      steps.filter((step) => (step.kind === "tls" || step.kind === "starttls") && step.certificate !== null),
    );
    return named.map(({ line }) => `${path} cannot be played: line ${line} names a certificate: leave the name out, and one is created`);
  } catch (error) {
    if (error instanceof TranscriptError) return error.problems.map(({ line, message }) => `${path} cannot be played: line ${line}: ${message}`);
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return [fileProblem(path, error)];
  }
}
