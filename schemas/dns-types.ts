import { domainToASCII } from "node:url";

/** Record types by name (IANA, "DNS parameters"). Zone transfers (AXFR, IXFR) and types that are no records are left out. */
export const RECORD_TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  AAAA: 28,
  LOC: 29,
  SRV: 33,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  DNAME: 39,
  DS: 43,
  SSHFP: 44,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  ANY: 255,
  URI: 256,
  CAA: 257,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(RECORD_TYPES).map(([name, number]) => [number, name]));

/** RFC 3597, section 5: TYPE1234 is the type without a name. */
export function typeName(type: number): string {
  return NAMES.get(type) ?? `TYPE${type}`;
}

/** OPT, TKEY, TSIG, IXFR, AXFR and the two for mail are questions or parts of a message, not records. */
const NOT_ASKED: ReadonlySet<number> = new Set([0, 41, 249, 250, 251, 252, 253, 254]);

/** A type's number; null for one that does not exist or that is not asked. */
export function typeNumber(written: string): number | null {
  const upper = written.toUpperCase();
  if (Object.hasOwn(RECORD_TYPES, upper)) return RECORD_TYPES[upper as keyof typeof RECORD_TYPES];
  const number = /^TYPE\d{1,5}$/.test(upper) ? Number(upper.slice(4)) : 0;
  return number <= 0xffff && !NOT_ASKED.has(number) ? number : null;
}

export function isRecordType(written: string): boolean {
  return typeNumber(written) !== null;
}

/** Why a type is not asked, for a person; null if it does not exist. */
export function typeFault(written: string): string | null {
  return /^(AXFR|IXFR)$/i.test(written) ? "zones are not transferred" : null;
}

/** A name as it is asked for, in small A-labels without its last dot; the root is ".". Null if it is none. */
export function questionName(written: string): string | null {
  if (written === ".") return written;
  if (SCHEME.test(written)) return null;
  const ascii = ASCII_ONLY.test(written) ? written : UNFIT_FOR_IDNA.test(written) ? "" : domainToASCII(written);
  const name = (ascii.endsWith(".") ? ascii.slice(0, -1) : ascii).toLowerCase();
  return name.length <= 253 && name.split(".").every((label) => LABEL.test(label)) ? name : null;
}

export function isQuestionName(written: string): boolean {
  return questionName(written) !== null;
}

/** What is wrong with a name that is none, for a person. */
export function nameFault(written: string): string | null {
  if (SCHEME.test(written)) return "leave the scheme and the path out";
  if (/\s/.test(written)) return "a name has no white space";
  if (/^\.|\.\./.test(written)) return "a label is empty";
  if (written.split(".").some((label) => label.length > 63)) return "a label has at most 63 characters";
  return written.length > 253 ? "a name has at most 253 characters" : null;
}

/** A slash and a colon are allowed in a name (RFC 2317), but a URL is a mistake. */
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant, its control characters too
const ASCII_ONLY = /^[\u0000-\u007f]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach the URL parser
const UNFIT_FOR_IDNA = /[\u0000-\u0020\u007f%:/?#@[\]\\^|<>]/;
/** Any printable character is allowed in a label (RFC 2181, section 11), except the dot and the backslash. */
const LABEL = /^[!-[\]-~]{1,63}$/;
