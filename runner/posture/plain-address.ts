/** The first mailbox in a record that is not written as its format says, so that the corrected record keeps it; null for none. */
export function plainAddress(text: string): string | null {
  const parts = text.split(/[\s;,!]/).map((part) => part.replace(/^rua=/i, "").replace(/^mailto:/i, ""));
  return parts.find((part) => part.length <= MOST && /^[\w.+-]+@[\w.-]+$/.test(part)) ?? null;
}

/** RFC 5321, 4.5.3.1.3. */
const MOST = 254;
