/** A record in zone file notation: absolute names with their final dot. */
export interface PlannedRecord {
  readonly name: string;
  readonly type: "A" | "AAAA" | "MX" | "PTR" | "TXT" | "TLSA" | "CNAME";
  /** What it says, without quotes: `10 mail.example.org.`, `v=spf1 -all`. */
  readonly value: string;
}

export const ZONE_TTL = 3600;
/** RFC 1035, section 3.3: the maximum length of a character-string in octets. */
const STRING_OCTETS = 255;

/** The character-strings of a TXT record. */
export function stringsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const strings: string[] = [];
  for (let from = 0; from < bytes.length; from += STRING_OCTETS) strings.push(bytes.toString("latin1", from, from + STRING_OCTETS));
  return strings.length === 0 ? [""] : strings;
}

/** A line of a master file (RFC 1035, section 5). */
export function zoneLine({ name, type, value }: PlannedRecord): string {
  return `${name}. ${ZONE_TTL} IN ${type} ${type === "TXT" ? stringsOf(value).map(quoted).join(" ") : value}`;
}

function quoted(text: string): string {
  const escaped = text.replace(/["\\]/g, "\\$&").replace(/[^ -~]/g, (character) => `\\${String(character.charCodeAt(0)).padStart(3, "0")}`);
  return `"${escaped}"`;
}
