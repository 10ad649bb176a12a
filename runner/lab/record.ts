import type { TraceEvent } from "../run/recorder.js";
import { escapeBytes } from "./transcript-escapes.js";
import { withWildcards } from "./wildcards.js";

/** Pauses below this are the machine's, not the peer's. */
const SHORTEST_DELAY_MS = 5;

/**
 * Writes what a run sent and received as transcripts that can be played again, one for each connection in the order of their first event.
 * What differs from run to run becomes a wildcard, and so does a secret, which arrives masked.
 */
export function recordTranscripts(events: readonly TraceEvent[], description: string): string[] {
  const [first, ...more] = connectionsIn(events).map(conversation);
  const head = `# ${description.replace(/\s+/g, " ")}`;
  return [first ?? [], ...more].map((lines, index) => {
    const title = index === 0 ? head : `${head}, connection ${index + 1}`;
    // A peer that could not be reached, or said nothing: a transcript has one line at least.
    return `${[title, ...notes(lines), ...(lines.length === 0 ? ["@close"] : lines)].join("\n")}\n`;
  });
}

/** SCRAM (RFC 5802): the server signs the nonce that the client has just made, which no recording can. */
function notes(lines: readonly string[]): string[] {
  const isScram = lines.some((line) => /^C: .*\b(?:AUTH|AUTHENTICATE) SCRAM-/i.test(line));
  return isScram ? ["# SCRAM signs a new nonce in each run, so this login fails when it is replayed. Record with another mechanism."] : [];
}

function connectionsIn(events: readonly TraceEvent[]): TraceEvent[][] {
  const connections: TraceEvent[][] = [];
  const open = new Map<string | undefined, TraceEvent[]>();
  for (const event of events) {
    const isNew = event.direction === "note" && event.text.startsWith("connected to ");
    let current = open.get(event.part);
    if (current === undefined || (isNew && current.some(({ direction }) => direction !== "note"))) {
      current = [];
      open.set(event.part, current);
      connections.push(current);
    }
    current.push(event);
  }
  return connections;
}

function conversation(events: readonly TraceEvent[]): string[] {
  const lines: string[] = [];
  const message = new MessageInTransit();
  let before = events[0]?.at_ms ?? 0;
  let saidAnything = false;
  for (const event of events) {
    if (event.direction === "received") {
      message.received(event.text);
      lines.push(...delay(event.at_ms - before), ...linesOf(event.text).map((line) => `S: ${escapeText(line)}`));
    } else if (event.direction === "sent")
      lines.push(...(message.sent(event.text) ?? linesOf(event.text).map((line) => `C: ${withWildcards(line, escapeText)}`)));
    // The one note that changes what the peer has to do: the connection became TLS.
    else if (/^TLSv[\d.]+ /.test(event.text)) lines.push(saidAnything ? "@starttls" : "@tls");
    saidAnything ||= event.direction !== "note";
    before = event.at_ms;
  }
  return lines;
}

/** The message after DATA becomes `@message`: its fields differ in every run, and its text is private. */
class MessageInTransit {
  #isAnnounced = false;
  /** The end of what was sent of it; null outside a message. */
  #end: string | null = null;

  received(text: string): void {
    // Of commands that were sent together, DATA is the last: other replies may come first.
    if (!this.#isAnnounced || !/^354/m.test(text)) return;
    this.#end = "\r\n";
    this.#isAnnounced = false;
  }

  /** The lines for what was sent of a message; null if it is none. */
  sent(text: string): string[] | null {
    if (this.#end === null) {
      this.#isAnnounced = /^DATA$/i.test(text.trim());
      return null;
    }
    const isFirst = this.#end === "\r\n";
    const end = `${this.#end}${text}`.slice(-5);
    this.#end = end === "\r\n.\r\n" ? null : end;
    return isFirst ? ["@message"] : [];
  }
}

function delay(milliseconds: number): string[] {
  return milliseconds > SHORTEST_DELAY_MS ? [`@delay ${Math.round(milliseconds)}ms`] : [];
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.length > 1 && lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** Text beyond ASCII stays readable; only what would not survive in a line is escaped, byte by byte. */
function escapeText(text: string): string {
  return text.replace(/[\p{Cc}\\]/gu, (character) => escapeBytes(Buffer.from(character).toString("latin1")));
}
