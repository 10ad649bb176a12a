import { isUtf8 } from "node:buffer";
import { trimBoth } from "../../schemas/text.js";
import { pythonBytes } from "./python-format.js";
import type { Output } from "./schema.js";

/** A reply's text as 1.0.0's client held it: the bytes of its lines, white space at both ends of each taken away, joined by LF. */
export function pythonReply(text: string, anomalies: Output["anomalies"]): string {
  const someAreLatin1 = anomalies.some(({ kind }) => kind === "not_utf8");
  const lines = replyLines(text).map((line) => bytesOf(line, someAreLatin1).toString("latin1"));
  return pythonBytes(Buffer.from(lines.join("\n"), "latin1"));
}

export function replyLines(text: string): string[] {
  return text.split("\n").map((line) => trimBoth(line, " \t\r"));
}

/**
 * The bytes that a line was read from. Lines are read as UTF-8, and as latin-1 only where they are not UTF-8: a line whose
 * latin-1 bytes are UTF-8 was not one of those, nor was one with characters outside latin-1.
 */
function bytesOf(line: string, someAreLatin1: boolean): Buffer {
  const utf8 = Buffer.from(line, "utf8");
  if (!someAreLatin1 || [...line].some((character) => character > "\u00ff")) return utf8;
  const latin1 = Buffer.from(line, "latin1");
  return isUtf8(latin1) ? utf8 : latin1;
}
