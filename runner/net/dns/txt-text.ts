import type { DataOf } from "./records.js";

/** A TXT record's strings as the one text that they are to SPF and all who came after it (RFC 7208, section 3.3). A character is a byte. */
export function txtText(strings: DataOf<"TXT">): string {
  return Array.isArray(strings) ? strings.map((part) => part.toString("latin1")).join("") : strings.toString("latin1");
}
