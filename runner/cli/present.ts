import type { Report } from "../harness/run.js";
import { printableJson } from "../support/printable.js";
import type { Io } from "./io.js";

/** How a report looks on stdout. */
export type Present = (report: Report) => string;

export async function presenter(options: { readonly pretty: boolean; readonly compact: boolean }, io: Io): Promise<Present> {
  if (options.pretty) {
    const [{ waterfall }, { styleFor }] = await Promise.all([import("./waterfall.js"), import("./style.js")]);
    const style = styleFor(io.stdout, io.env);
    return (report) => waterfall(report, { width: io.stdout.columns, style });
  }
  // What a server sent must not act on a terminal: JSON leaves DEL and the C1 controls as they are.
  const safe = io.stdout.isTty ? printableJson : (json: string) => json;
  return ({ envelope }) => `${safe(JSON.stringify(envelope, null, options.compact ? 0 : 2))}\n`;
}
