import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseTranscript, type Transcript } from "./transcript.js";
import { TranscriptError } from "./transcript-error.js";

/** The transcript of a path, and those of its later connections beside it: case.transcript, case.2.transcript, case.3.transcript … */
export function readTranscripts(path: string | URL): Transcript[] {
  const first = typeof path === "string" ? path : fileURLToPath(path);
  const transcripts = [readTranscript(first)];
  for (let number = 2; existsSync(connectionFile(first, number)); number++) transcripts.push(readTranscript(connectionFile(first, number)));
  return transcripts;
}

/** Where the transcript of a later connection is. */
export function connectionFile(path: string, number: number): string {
  const [, stem = path, ending = ""] = /^(.*[^/])(\.[^./]+)$/s.exec(path) ?? [];
  return `${stem}.${number}${ending}`;
}

/** A text begins with a line of a transcript; anything else on one line is a path. */
export function isPath(written: string): boolean {
  return !written.includes("\n") && !/^(S[:|-]|C:|@|#)/.test(written) && written.trim() !== "";
}

function readTranscript(path: string): Transcript {
  try {
    return parseTranscript(readFileSync(path, "utf8"));
  } catch (error) {
    throw error instanceof TranscriptError ? new TranscriptError(error.problems, path) : error;
  }
}
