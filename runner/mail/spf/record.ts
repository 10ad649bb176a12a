import { keptByText } from "../../support/kept.js";
import { type IpAddress, parseWrittenIp } from "./ip-address.js";
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

export function isSpfRecord(text: string): boolean {
  return /^v=spf1(?: |$)/i.test(text);
}

/** Takes the text of one record for which isSpfRecord() holds. Most mail is sent by way of the same few records. */
export const parseSpfRecord = keptByText(1000, parseRecord);

function parseRecord(text: string): SpfRecord | SpfSyntaxError {
  const directives: Directive[] = [];
  const modifiers = new Map<string, MacroPart[]>();
  for (const found of text.slice("v=spf1".length).matchAll(/[^ ]+/g)) {
    const [term] = found;
    const problem = readTerm(term, directives, modifiers);
    if (problem !== null) return { term, problem, column: "v=spf1".length + found.index + 1 };
  }
  return { directives, redirect: modifiers.get("redirect") ?? null, explanation: modifiers.get("exp") ?? null };
}

const MODIFIER = /^([A-Za-z][A-Za-z0-9_.-]*)=(.*)$/s;
const DIRECTIVE = /^([+?~-]?)([A-Za-z][A-Za-z0-9_.-]*)(.*)$/s;

function readTerm(term: string, directives: Directive[], modifiers: Map<string, MacroPart[]>): string | null {
  const [, name, value = ""] = MODIFIER.exec(term) ?? [];
  if (name !== undefined) return readModifier(name.toLowerCase(), value, modifiers);
  const [, qualifier = "", mechanismName = "", rest = ""] = DIRECTIVE.exec(term) ?? [];
  if (mechanismName === "") return "it is no mechanism and no modifier";
  const read = MECHANISMS[mechanismName.toLowerCase()];
  if (read === undefined) return `there is no mechanism ${mechanismName}`;
  const mechanism = read(rest);
  if (typeof mechanism === "string") return mechanism;
  directives.push({ term, result: QUALIFIERS[(qualifier === "" ? "+" : qualifier) as keyof typeof QUALIFIERS], mechanism });
  return null;
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

const MECHANISMS: Readonly<Record<string, Read>> = {
  all: (rest) => (rest === "" ? { name: "all" } : "all takes nothing"),
  ip4: (rest) => readNetwork("ip4", rest),
  ip6: (rest) => readNetwork("ip6", rest),
  a: (rest) => readHosts("a", rest),
  mx: (rest) => readHosts("mx", rest),
  ptr: (rest) => {
    const domain = rest === "" ? null : afterColon(rest);
    return typeof domain === "string" ? domain : { name: "ptr", domain };
  },
  include: (rest) => readDomain("include", rest),
  exists: (rest) => readDomain("exists", rest),
};

function readDomain(name: "include" | "exists", rest: string): Mechanism | string {
  const domain = afterColon(rest);
  return typeof domain === "string" ? domain : { name, domain };
}

const HOSTS = /^(.*?)(?:\/(0|[1-9]\d?))?(?:\/\/(0|[1-9]\d{0,2}))?$/s;

function readHosts(name: "a" | "mx", rest: string): Mechanism | string {
  const [, written = "", bits4 = "32", bits6 = "128"] = HOSTS.exec(rest) ?? [];
  if (Number(bits4) > 32 || Number(bits6) > 128) return "the prefix is longer than an address";
  const domain = written === "" ? null : afterColon(written);
  return typeof domain === "string" ? domain : { name, domain, bits4: Number(bits4), bits6: Number(bits6) };
}

const NETWORKS = {
  ip4: { pattern: /^:([\d.]+)(?:\/(0|[1-9]\d?))?$/, bits: 32 },
  ip6: { pattern: /^:([\dA-Fa-f:.]+)(?:\/(0|[1-9]\d{0,2}))?$/, bits: 128 },
} as const;

function readNetwork(name: "ip4" | "ip6", rest: string): Mechanism | string {
  const { pattern, bits: most } = NETWORKS[name];
  const [, written = "", bits = String(most)] = pattern.exec(rest) ?? [];
  const network = written.includes(":") === (name === "ip6") ? parseWrittenIp(written) : null;
  if (network === null) return name === "ip4" ? "it has no IPv4 address" : "it has no IPv6 address";
  if (Number(bits) > most) return "the prefix is longer than an address";
  return { name, network, bits: Number(bits) };
}

function afterColon(rest: string): MacroPart[] | string {
  return rest.startsWith(":") ? domainSpec(rest.slice(1)) : "a : and a domain are expected";
}

// Section 7.1: it ends in a top-level label that is not all digits, or in a macro.
function endsAsADomain(written: string): boolean {
  if (/%[%_-]$/.test(written.slice(-2))) return true;
  if (written.endsWith("}")) return written.lastIndexOf("%{") > written.lastIndexOf("}", written.length - 2);
  const name = written.endsWith(".") ? written.slice(0, -1) : written;
  const dot = name.lastIndexOf(".");
  const label = name.slice(dot + 1);
  return dot >= 0 && /^[A-Za-z0-9-]{1,63}$/.test(label) && /[A-Za-z-]/.test(label) && !label.startsWith("-") && !label.endsWith("-");
}

function domainSpec(written: string): MacroPart[] | string {
  const parts = macroString(written);
  if (typeof parts === "string") return parts;
  return endsAsADomain(written) ? parts : `${JSON.stringify(written)} is no domain`;
}

function macroString(written: string): MacroPart[] | string {
  const parts = parseMacroString(written);
  return "problem" in parts ? parts.problem : parts;
}
