import { trimEnd } from "../../../schemas/text.js";
/**
 * Folder names (RFC 3501, section 5.1.3): everything beyond printable ASCII stands between & and - as UTF-16 in base64, with a comma
 * for the slash. IMAP4rev2 and UTF8=ACCEPT send UTF-8 instead.
 */
export function encodeMailboxName(name: string): string {
  return name.replace(/&|[^\x20-\x7e]+/g, (part) => (part === "&" ? "&-" : `&${shifted(part)}-`));
}

/** An encoded name may be invalid: it is then shown as it was sent. */
export function decodeMailboxName(sent: string): string {
  return sent.replace(/&([A-Za-z0-9+,]*)-/g, (whole, part: string) => (part === "" ? "&" : (unshifted(part) ?? whole)));
}

function shifted(part: string): string {
  return trimEnd(Buffer.from(part, "utf16le").swap16().toString("base64"), "=").replaceAll("/", ",");
}

function unshifted(part: string): string | null {
  const bytes = Buffer.from(part.replaceAll(",", "/"), "base64");
  if (bytes.length === 0 || bytes.length % 2 !== 0) return null;
  return bytes.swap16().toString("utf16le");
}
