import type { TraceEvent } from "../run/recorder.js";
import { escapeBytes } from "./transcript-escapes.js";

/** Pauses below this are the machine's, not the peer's. */
const SHORTEST_DELAY_MS = 5;

/**
 * Writes what a run said and heard as a transcript, so that the case can be played again. Secrets arrive masked;
 * a mask becomes a star, which matches whatever is sent in its place. Of a run in parts, each is a transcript of its own:
 * whoever plays them puts them into a file each.
 */
export function recordTranscript(events: readonly TraceEvent[], description: string): string {
  const parts = new Map<string | undefined, TraceEvent[]>();
  for (const event of events) {
    const own = parts.get(event.part);
    if (own === undefined) parts.set(event.part, [event]);
    else own.push(event);
  }
  const written = [...parts].map(([part, own]) => [...(part === undefined ? [] : [`# its part ${JSON.stringify(part)}`]), ...conversation(own)]);
  return `${[`# ${description.replace(/\s+/g, " ")}`, ...written.flat()].join("\n")}\n`;
}

function conversation(events: readonly TraceEvent[]): string[] {
  const lines: string[] = [];
  let before = events[0]?.at_ms ?? 0;
  let saidAnything = false;
  for (const event of events) {
    if (event.direction === "received") lines.push(...delay(event.at_ms - before), ...linesOf(event.text).map((line) => `S: ${escapeText(line)}`));
    else if (event.direction === "sent") lines.push(...linesOf(event.text).map((line) => `C: ${escapeSent(line)}`));
    // The one note that changes what the peer has to do: the connection became TLS.
    else if (/^TLSv[\d.]+ /.test(event.text)) lines.push(saidAnything ? "@starttls" : "@tls");
    saidAnything ||= event.direction !== "note";
    before = event.at_ms;
  }
  return lines;
}

function delay(milliseconds: number): string[] {
  return milliseconds > SHORTEST_DELAY_MS ? [`@delay ${Math.round(milliseconds)}ms`] : [];
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.length > 1 && lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** Text beyond ASCII stays readable; only what would not survive in a line is escaped. */
function escapeText(text: string): string {
  return text.replace(/[\p{Cc}\\]/gu, (character) => escapeBytes(character));
}

function escapeSent(text: string): string {
  return text
    .split("[secret]")
    .map((part) => escapeText(part).replaceAll("*", "\\*"))
    .join("*");
}
