// RFC 3454, table B.1: characters that are mapped to nothing.
const MAPPED_TO_NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;
// RFC 3454, table C.1.2.
const OTHER_SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu;
// RFC 4013, section 2.3, without its table of characters that Unicode 3.2 did not know: servers do not refuse those.
const PROHIBITED = /[\p{Cc}\p{Cs}\p{Co}\u2028\u2029\u200e\u200f\u202a-\u202e\u206a-\u206f\ufff9-\uffff]/u;

/**
 * SASLprep (RFC 4013) as far as a client needs it: client and server derive the same bytes from texts that look the same.
 * Null when the text holds a character that no server may accept, or nothing is left of it.
 */
export function saslPrep(text: string): string | null {
  const mapped = text.replace(OTHER_SPACES, " ").replace(MAPPED_TO_NOTHING, "").normalize("NFKC");
  return mapped === "" || PROHIBITED.test(mapped) ? null : mapped;
}
