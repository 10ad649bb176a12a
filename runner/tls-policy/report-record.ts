import type { DataOf } from "../net/dns/records.js";
import { txtText } from "../net/dns/txt-text.js";

/** Where a domain wants its TLS reports (RFC 8460, section 3). */
export type ReportRecord =
  | { readonly kind: "found" /** mailto: and https: addresses. */; readonly rua: readonly string[] }
  | { readonly kind: "none" }
  | { readonly kind: "invalid"; readonly message: string };

/** Reads the TXT records at `_smtp._tls`. Other fields than rua are passed over. */
export function readReportRecords(records: readonly DataOf<"TXT">[]): ReportRecord {
  const texts = records.map(txtText).filter((text) => /^v=TLSRPTv1[ \t]*;/.test(text));
  const [text] = texts;
  if (text === undefined) return { kind: "none" };
  if (texts.length > 1) return { kind: "invalid", message: `there are ${texts.length} TLS report records, but only one is allowed` };
  const [, list] = /;[ \t]*rua=([^;]*)/.exec(text) ?? [];
  if (list === undefined) return { kind: "invalid", message: `the TLS report record ${JSON.stringify(text)} has no rua` };
  const rua = list.split(",").map((uri) => uri.trim());
  const known = rua.filter(isReportAddress);
  // An address of another kind is for others (RFC 8460, section 3).
  return known.length > 0
    ? { kind: "found", rua: known }
    : { kind: "invalid", message: `the TLS report record names no mailto: or https: address: ${JSON.stringify(list)}` };
}

/** A comma, an exclamation mark or a semicolon of its own would be percent-encoded. */
function isReportAddress(uri: string): boolean {
  return /^(?:mailto:[^@\s!]+@[^@\s!]+|https:\/\/[^\s!]+)$/i.test(uri) && URL.canParse(uri);
}
