import type { Report } from "../harness/run.js";
import { printableJson } from "../support/printable.js";
import type { Io } from "./io.js";
import { hasColours, styleFor } from "./style.js";

/** How a report is printed on stdout. */
export type Present = (report: Report) => string;

export interface PresentOptions {
  readonly pretty: boolean;
  readonly compact: boolean;
  readonly json: boolean;
}

export async function presenter({ pretty, compact }: PresentOptions, io: Io): Promise<Present> {
  if (pretty) {
    const { waterfall } = await import("./waterfall.js");
    const style = styleFor(io.stdout, io.env);
    return (report) => waterfall(report, { width: io.stdout.columns, style });
  }
  // Escapes what a server sent for the terminal: JSON leaves DEL and the C1 controls unescaped.
  const safe = io.stdout.isTty ? printableJson : (json: string) => json;
  const painted = hasColours(io.stdout, io.env) ? (await import("./colour-json.js")).colourJson : (json: string) => json;
  return ({ envelope }) => `${painted(safe(JSON.stringify(envelope, null, compact ? 0 : 2)))}\n`;
}

/** A hint if JSON is printed on a terminal by default. */
export function prettyHint({ pretty, compact, json }: PresentOptions, io: Io): void {
  if (io.stdout.isTty && io.stderr.isTty && !pretty && !compact && !json) io.err("(use --pretty for a readable view, or --json to omit this hint)\n");
}
