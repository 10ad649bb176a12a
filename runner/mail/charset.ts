import { TextDecoder } from "node:util";

/** Decodes bytes without a charset, given as latin1 text: as UTF-8 (RFC 6532) if valid, otherwise as Latin-1. */
export function decodeBytes(bytes: string): string {
  if (ASCII_ONLY.test(bytes)) return bytes;
  return decodeAs("utf-8", bytes) ?? bytes;
}

/** Decodes bytes in a named charset; null if the charset is unknown or the bytes are invalid in it. */
export function decodeAs(charset: string, bytes: string): string | null {
  try {
    const decoder = decoderOf(charset.toLowerCase());
    const text = decoder.decode(Buffer.from(bytes, "latin1"));
    return decoder.encoding === "windows-1252" ? text.replace(C1, windowsLetter) : text;
  } catch {
    return null;
  }
}

/** A header may name the same few charsets a thousand times, and any other a stranger can think of. */
const decoders = new Map<string, TextDecoder>();
const MAX_DECODERS = 64;

function decoderOf(charset: string): TextDecoder {
  const known = decoders.get(charset);
  if (known !== undefined) return known;
  const decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: true });
  if (decoders.size < MAX_DECODERS) decoders.set(charset, decoder);
  return decoder;
}

/** Some versions of Node read this charset as Latin-1, which has control characters where Windows has letters. */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";
const C1 = /[\u0080-\u009f]/g;

function windowsLetter(control: string): string {
  return WINDOWS_1252[control.charCodeAt(0) - 0x80] as string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant, its control characters too
const ASCII_ONLY = /^[\u0000-\u007f]*$/;
