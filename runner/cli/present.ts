import { FORMATS, type FormatName } from "../formats/formats.js";
import type { Renderer, Setting } from "../formats/renderer.js";
import type { Report } from "../harness/run.js";
import { printableJson } from "../support/printable.js";
import { hasColours, styleFor } from "../support/style.js";
import type { Io } from "./io.js";
import { UsageError } from "./usage-error.js";

export interface FormatOptions {
  readonly format: string | null;
  readonly pretty: boolean;
  readonly compact: boolean;
  readonly json: boolean;
}

/** --pretty, --compact and --json stand for the most common formats. */
export function formatOf({ format, pretty, compact, json }: FormatOptions): FormatName {
  if (pretty && (compact || json)) throw new UsageError(`--pretty and --${compact ? "compact" : "json"} cannot be combined`, "leave one of them out");
  const short = pretty ? "pretty" : compact ? "jsonl" : json ? "json" : null;
  if (format !== null && short !== null && short !== format)
    throw new UsageError(`--format ${format} and --${pretty ? "pretty" : compact ? "compact" : "json"} cannot be combined`, "leave one of them out");
  return (format ?? short ?? "json") as FormatName;
}

export async function rendererFor(options: FormatOptions, setting: Pick<Setting, "isList" | "isRepeated" | "targets">, io: Io): Promise<Renderer> {
  const width = io.stdout.isTty || !setting.isList ? io.stdout.columns : Number.POSITIVE_INFINITY;
  const canvas = { width, style: styleFor(io.stdout, io.env) };
  return FORMATS[formatOf(options)].open({ ...setting, canvas, paint: await jsonPainter(io) }, io.env);
}

/** The envelope of one run as JSON, for commands that have their own readable output. */
export async function envelopeText({ envelope }: Report, io: Io): Promise<string> {
  return `${(await jsonPainter(io))(JSON.stringify(envelope, null, 2))}\n`;
}

async function jsonPainter(io: Io): Promise<(json: string) => string> {
  // Escapes what a server sent for the terminal: JSON leaves DEL and the C1 controls unescaped.
  const safe = io.stdout.isTty ? printableJson : (json: string) => json;
  const painted = hasColours(io.stdout, io.env) ? (await import("./colour-json.js")).colourJson : (json: string) => json;
  return (json) => painted(safe(json));
}

/** A hint if JSON is printed on a terminal by default. */
export function prettyHint({ format, pretty, compact, json }: FormatOptions, io: Io): void {
  const isAsked = format !== null || pretty || compact || json;
  if (io.stdout.isTty && io.stderr.isTty && !isAsked) io.err("(use --pretty for a readable view, or --json to omit this hint)\n");
}
