import { asciiDomain, isDomain } from "../../../schemas/host.js";
import type { HeaderField } from "./header-fields.js";

/** The domains of all authors, in lower-case A-labels, without duplicates. Empty if there is no address. */
export function fromDomains(fields: readonly HeaderField[]): string[] {
  const values = fields.filter(({ name }) => name === "from").map(({ raw }) => raw.slice(raw.indexOf(":") + 1));
  const addresses = values.flatMap((value) => addressesOf(Buffer.from(value, "latin1").toString("utf8")));
  const domains = addresses.map((address) => address.slice(address.lastIndexOf("@") + 1)).filter(isDomain);
  return [...new Set(domains.map(asciiDomain))];
}

/** The addresses of a list (RFC 5322, 3.4), without names and comments. What never ends, such as a quotation mark alone, is a character like others. */
function addressesOf(value: string): string[] {
  const { endOfQuoted, endOfComment, endOfAngle } = scannerOf(value);
  const addresses: string[] = [];
  let bare = "";
  let bracketed: string | null = null;
  const finish = (): void => {
    const address = bracketed ?? bare.slice(bare.lastIndexOf(":") + 1).replace(/\s/g, "");
    if (address.includes("@")) addresses.push(address);
    bare = "";
    bracketed = null;
  };
  for (let at = 0, end: number | null; at < value.length; at = end ?? at + 1) {
    const sign = value[at] as string;
    end = null;
    if (sign === "," || sign === ";") {
      finish();
    } else if (sign === '"') {
      end = endOfQuoted(at);
      bare += end === null ? sign : "q";
    } else if (sign === "(") {
      end = endOfComment(at);
      if (end === null) bare += sign;
    } else if (sign === "<") {
      const angle = endOfAngle(at);
      if (angle === null) bare += sign;
      else bracketed = angle.address.replace(/\s/g, "");
      end = angle?.end ?? null;
    } else bare += sign;
  }
  finish();
  return addresses;
}

/** Unclosed comments that are searched for their end: without a bound, a million of them cost a million searches. */
const MAX_UNCLOSED = 8;

/** Each function takes where a piece begins, and gives the place after its end; null if it has none. Together they take linear time. */
function scannerOf(value: string) {
  let allQuotedEnd = true;
  let unclosed = 0;

  /** If one quoted string never ends, none after it does. */
  function endOfQuoted(start: number): number | null {
    if (!allQuotedEnd) return null;
    for (let at = start + 1; at < value.length; at++) {
      if (value[at] === "\\") at++;
      else if (value[at] === '"') return at + 1;
    }
    allQuotedEnd = false;
    return null;
  }

  /** Comments may hold comments (RFC 5322, 3.2.2); a quotation mark has no meaning there. */
  function endOfComment(start: number): number | null {
    if (unclosed >= MAX_UNCLOSED) return null;
    for (let at = start, depth = 0; at < value.length; at++) {
      if (value[at] === "\\") at++;
      else if (value[at] === "(") depth++;
      else if (value[at] === ")" && --depth === 0) return at + 1;
    }
    unclosed++;
    return null;
  }

  /** Fails at the next `<`, so that no stretch is searched twice. */
  function endOfAngle(start: number): { readonly address: string; readonly end: number } | null {
    let address = "";
    for (let at = start + 1, end: number | null; at < value.length; at = end ?? at + 1) {
      const sign = value[at] as string;
      if (sign === ">") return { address, end: at + 1 };
      if (sign === "<") return null;
      end = sign === '"' ? endOfQuoted(at) : sign === "(" ? endOfComment(at) : null;
      if (sign === '"' && end === null) return null;
      if (sign !== "(" || end === null) address += value.slice(at, end ?? at + 1);
    }
    return null;
  }

  return { endOfQuoted, endOfComment, endOfAngle };
}
