import type { OriginalMessage } from "../../../schemas/report.js";
import { decodeWords } from "../encoded-words.js";
import { bodiesOf, parseHeader } from "../header.js";
import { shown } from "../limits.js";

/** The message that a report is about, from the copy or the header in it; null if it has none of these fields. Bytes as latin1 text. */
export function readOriginal(bytes: string): OriginalMessage | null {
  const header = parseHeader(bytes.replace(/^(?:[ \t>]*\r?\n)+/, ""));
  const first = (name: string): string | null => bodiesOf(header, name)[0] || null;
  const messageId = first("Message-ID")?.match(/<[^<>\s]{1,990}>/)?.[0] ?? first("Message-ID");
  const from = first("From");
  const subject = first("Subject");
  if (messageId === null && from === null && subject === null) return null;
  const text = (body: string | null): string | null => (body === null ? null : shown(decodeWords(body)));
  return { message_id: messageId === null ? null : shown(messageId), from: text(from), subject: text(subject) };
}
