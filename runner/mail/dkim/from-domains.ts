import { asciiDomain, isDomain } from "../../../schemas/host.js";
import type { HeaderField } from "./header-fields.js";

/** The domains of all authors, in lower-case A-labels, without duplicates. Empty if there is no address. */
export function fromDomains(fields: readonly HeaderField[]): string[] {
  const values = fields.filter(({ name }) => name === "from").map(({ raw }) => raw.slice(raw.indexOf(":") + 1));
  const addresses = values.flatMap((value) => addressesOf(Buffer.from(value, "latin1").toString("utf8")));
  const domains = addresses.map((address) => address.slice(address.lastIndexOf("@") + 1)).filter(isDomain);
  return [...new Set(domains.map(asciiDomain))];
}

/** Quoted strings, comments and what stands in angle brackets each as a whole (RFC 5322, sections 3.2 and 3.4), or one character. */
const PIECES = /"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)|<(?:"(?:[^"\\]|\\.)*"|[^<>"])*>|[\s\S]/g;

/** The addresses of a list, without names and comments. */
function addressesOf(value: string): string[] {
  const addresses: string[] = [];
  let bare = "";
  let bracketed: string | null = null;
  const finish = (): void => {
    const address = bracketed ?? bare.slice(bare.lastIndexOf(":") + 1).replace(/\s/g, "");
    if (address.includes("@")) addresses.push(address);
    bare = "";
    bracketed = null;
  };
  for (const [piece] of withoutNestedComments(value).matchAll(PIECES)) {
    if (piece === "," || piece === ";") finish();
    else if (piece.startsWith("<") && piece.length > 1) bracketed = piece.slice(1, -1).replace(/\s/g, "");
    else if (!(piece.startsWith("(") && piece.length > 1)) bare += piece.startsWith('"') && piece.length > 1 ? "q" : piece;
  }
  finish();
  return addresses;
}

const MAX_NESTED = 8;

/** Comments may hold comments: the innermost are taken out first. */
function withoutNestedComments(value: string): string {
  let rest = value;
  for (let depth = 0; depth < MAX_NESTED && /\([^()"]*\([^()"]*\)/.test(rest); depth++) rest = rest.replace(/(\([^()"]*)\([^()"]*\)/g, "$1");
  return rest;
}
