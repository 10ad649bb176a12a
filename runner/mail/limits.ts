/** How much of a message's header is read. All of it was written by strangers. */
export const HEADER_LIMITS = {
  /** The longest honest headers, of mail that went through many filters, have some 60 KB. */
  headerBytes: 256 * 1024,
  fields: 1000,
  /** RFC 5322 lets a field be folded without an end. */
  fieldBytes: 32 * 1024,
  /** RFC 5321, section 6.3: a message with more than a hundred is in a loop. */
  receivedHops: 200,
  /** Comments may hold comments (RFC 5322, section 3.2.2). */
  commentDepth: 16,
  /** Verdicts of one field, and properties of one verdict. */
  verdicts: 100,
  properties: 32,
  /** A text of theirs that is shown in a result. */
  shownCharacters: 1000,
} as const;

/** Untrusted text for a result, with a bounded length. */
export function shown(text: string, most: number = HEADER_LIMITS.shownCharacters): string {
  if (text.length <= most) return text;
  // A character that takes two units is not cut in half.
  const last = text.charCodeAt(most - 1);
  return `${text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most)}…`;
}
