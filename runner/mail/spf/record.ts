import { keptByText } from "../../support/kept.js";
import { type IpAddress, parseIpv4, parseIpv6 } from "./ip-address.js";
import { type MacroPart, parseMacroString } from "./macros.js";

/** One SPF record, parsed (RFC 7208, sections 4.6 and 12). */
export interface SpfRecord {
  readonly directives: readonly Directive[];
  /** Ignored if the record has `all`. */
  readonly redirect: MacroPart[] | null;
  readonly explanation: MacroPart[] | null;
}

export const QUALIFIERS = { "+": "pass", "-": "fail", "~": "softfail", "?": "neutral" } as const;

export interface Directive {
  /** As it is written. */
  readonly term: string;
  readonly result: (typeof QUALIFIERS)[keyof typeof QUALIFIERS];
  readonly mechanism: Mechanism;
}

export type Mechanism =
  | { readonly name: "all" }
  | { readonly name: "ip4"; readonly network: IpAddress; readonly bits: number }
  | { readonly name: "ip6"; readonly network: IpAddress; readonly bits: number }
  /** Null: the domain whose record it is. */
  | { readonly name: "a"; readonly domain: MacroPart[] | null; readonly bits4: number; readonly bits6: number }
  | { readonly name: "mx"; readonly domain: MacroPart[] | null; readonly bits4: number; readonly bits6: number }
  | { readonly name: "ptr"; readonly domain: MacroPart[] | null }
  | { readonly name: "include"; readonly domain: MacroPart[] }
  | { readonly name: "exists"; readonly domain: MacroPart[] };

/** A syntax error, which invalidates the whole record. */
export interface SpfSyntaxError {
  readonly term: string;
  readonly problem: string;
  /** Of the term, from 1. */
  readonly column: number;
}

const VERSION = "v=spf1";

export function isSpfRecord(text: string): boolean {
  if (text.length !== VERSION.length && text.charCodeAt(VERSION.length) !== BLANK) return false;
  return text.startsWith(VERSION) || text.slice(0, VERSION.length).toLowerCase() === VERSION;
}

const BLANK = 32;

/** Takes the text of one record for which isSpfRecord() holds. Most mail is sent by way of the same few records. */
export const parseSpfRecord = keptByText(1000, parseRecord);

function parseRecord(text: string): SpfRecord | SpfSyntaxError {
  const directives: Directive[] = [];
  const modifiers = new Map<string, MacroPart[]>();
  for (let start = VERSION.length, end: number; start < text.length; start = end + 1) {
    const blank = text.indexOf(" ", start);
    end = blank === -1 ? text.length : blank;
    if (end === start) continue;
    const term = text.slice(start, end);
    const problem = readTerm(term, directives, modifiers);
    if (problem !== null) return { term, problem, column: start + 1 };
  }
  return { directives, redirect: modifiers.get("redirect") ?? null, explanation: modifiers.get("exp") ?? null };
}

function readTerm(term: string, directives: Directive[], modifiers: Map<string, MacroPart[]>): string | null {
  const result = RESULTS.get(term[0] as string) ?? null;
  const start = result === null ? 0 : 1;
  const end = endOfName(term, start);
  if (end === start) return "it is no mechanism and no modifier";
  const name = term.slice(start, end);
  if (result === null && term[end] === "=") return readModifier(name.toLowerCase(), term.slice(end + 1), modifiers);
  const read = MECHANISMS.get(name) ?? MECHANISMS.get(name.toLowerCase());
  if (read === undefined) return `there is no mechanism ${name}`;
  const mechanism = read(term.slice(end));
  if (typeof mechanism === "string") return mechanism;
  directives.push({ term, result: result ?? "pass", mechanism });
  return null;
}

const RESULTS: ReadonlyMap<string, Directive["result"]> = new Map(Object.entries(QUALIFIERS));

/** A name is a letter, and then letters, digits, -, _ and . (section 12). Records are full of them, so each character is looked at once. */
function endOfName(term: string, start: number): number {
  let end = start;
  while (isInName(term.charCodeAt(end), end === start)) end += 1;
  return end;
}

function isInName(code: number, isFirst: boolean): boolean {
  const lower = code | 0x20;
  if (lower >= 0x61 && lower <= 0x7a) return true;
  return !isFirst && ((code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === 0x5f);
}

/** An unknown one is ignored, but must be well formed (section 6). */
function readModifier(name: string, value: string, modifiers: Map<string, MacroPart[]>): string | null {
  const isKnown = name === "redirect" || name === "exp";
  const parts = isKnown ? domainSpec(value) : macroString(value);
  if (typeof parts === "string") return parts;
  if (isKnown && modifiers.has(name)) return `${name} stands twice`;
  if (isKnown) modifiers.set(name, parts);
  return null;
}

type Read = (rest: string) => Mechanism | string;

const MECHANISMS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["all", (rest) => (rest === "" ? { name: "all" } : "all takes nothing")],
  ["ip4", (rest) => readNetwork("ip4", rest)],
  ["ip6", (rest) => readNetwork("ip6", rest)],
  ["a", (rest) => readHosts("a", rest)],
  ["mx", (rest) => readHosts("mx", rest)],
  [
    "ptr",
    (rest) => {
      const domain = rest === "" ? null : afterColon(rest);
      return typeof domain === "string" ? domain : { name: "ptr", domain };
    },
  ],
  ["include", (rest) => readDomain("include", rest)],
  ["exists", (rest) => readDomain("exists", rest)],
]);

function readDomain(name: "include" | "exists", rest: string): Mechanism | string {
  const domain = afterColon(rest);
  return typeof domain === "string" ? domain : { name, domain };
}

const HOSTS = /^(.*?)(?:\/(0|[1-9]\d?))?(?:\/\/(0|[1-9]\d{0,2}))?$/s;

function readHosts(name: "a" | "mx", rest: string): Mechanism | string {
  const [, written = "", bits4 = "32", bits6 = "128"] = rest.includes("/") ? (HOSTS.exec(rest) ?? []) : ["", rest];
  if (Number(bits4) > 32 || Number(bits6) > 128) return "the prefix is longer than an address";
  const domain = written === "" ? null : afterColon(written);
  return typeof domain === "string" ? domain : { name, domain, bits4: Number(bits4), bits6: Number(bits6) };
}

function readNetwork(name: "ip4" | "ip6", rest: string): Mechanism | string {
  const slash = rest.indexOf("/");
  const end = slash === -1 ? rest.length : slash;
  const parse = name === "ip4" ? parseIpv4 : parseIpv6;
  const network = rest.charCodeAt(0) === COLON ? parse(rest, 1, end) : null;
  if (network === null) return name === "ip4" ? "it has no IPv4 address" : "it has no IPv6 address";
  const most = name === "ip4" ? 32 : 128;
  const bits = slash === -1 ? most : prefixAt(rest, slash + 1);
  if (bits === null) return "the prefix is no number of bits";
  return bits > most ? "the prefix is longer than an address" : { name, network, bits };
}

const COLON = 58;

/** The rest of a text as a number of up to three digits, without leading zeros; null if it is none. */
function prefixAt(text: string, start: number): number | null {
  const digits = text.length - start;
  if (digits < 1 || digits > 3 || (digits > 1 && text.charCodeAt(start) === 0x30)) return null;
  let bits = 0;
  for (let at = start; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return null;
    bits = bits * 10 + digit;
  }
  return bits;
}

function afterColon(rest: string): MacroPart[] | string {
  return rest.startsWith(":") ? domainSpec(rest.slice(1)) : "a : and a domain are expected";
}

// Section 7.1: it ends in a top-level label that is not all digits, or in a macro.
function endsAsADomain(written: string): boolean {
  if (/%[%_-]$/.test(written.slice(-2))) return true;
  if (written.endsWith("}")) return written.lastIndexOf("%{") > written.lastIndexOf("}", written.length - 2);
  const end = written.endsWith(".") ? written.length - 1 : written.length;
  const dot = written.lastIndexOf(".", end - 1);
  return dot >= 0 && isTopLabel(written, dot + 1, end);
}

/** Letters, digits and hyphens, the last not at its ends, and not digits alone. */
function isTopLabel(text: string, start: number, end: number): boolean {
  if (end === start || end - start > 63 || text.charCodeAt(start) === HYPHEN || text.charCodeAt(end - 1) === HYPHEN) return false;
  let hasOther = false;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    const lower = code | 0x20;
    const isDigit = code >= 0x30 && code <= 0x39;
    if (!isDigit && code !== HYPHEN && !(lower >= 0x61 && lower <= 0x7a)) return false;
    hasOther ||= !isDigit;
  }
  return hasOther;
}

const HYPHEN = 0x2d;

function domainSpec(written: string): MacroPart[] | string {
  const parts = macroString(written);
  if (typeof parts === "string") return parts;
  return endsAsADomain(written) ? parts : `${JSON.stringify(written)} is no domain`;
}

function macroString(written: string): MacroPart[] | string {
  const parts = parseMacroString(written);
  return "problem" in parts ? parts.problem : parts;
}
