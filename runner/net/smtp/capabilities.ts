import type { Reply } from "./reply.js";

/** One EHLO keyword with its parameters (RFC 5321, section 4.1.1.1). */
export interface Capability {
  keyword: string;
  parameters: string[];
}

/** What SIZE (RFC 1870) can say. Above 2^53 the number is no longer exact: `text` has it as sent. */
export interface Size {
  meaning: "absent" | "unlimited" | "limit" | "unreadable";
  bytes: number | null;
  text: string | null;
}

/** The keywords of an EHLO reply. Its first line is the server's name and greeting, and holds none. */
export function parseCapabilities(reply: Reply): Capability[] {
  const capabilities: Capability[] = [];
  for (let index = 1; index < reply.lines.length; index++) {
    const line = (reply.lines[index] as string).trim();
    if (line !== "") capabilities.push(knownCapability(line));
  }
  return capabilities;
}

/** Servers of one kind send the same lines, and most lines are the same for all. */
const known = new Map<string, Capability>();
const MOST_KNOWN = 256;
const MOST_KNOWN_LENGTH = 128;

/** The caller's own: it may change it. */
function knownCapability(line: string): Capability {
  const found = known.get(line) ?? remembered(line);
  return { keyword: found.keyword, parameters: [...found.parameters] };
}

function remembered(line: string): Capability {
  if (line.length > MOST_KNOWN_LENGTH) return capabilityOf(line);
  if (known.size >= MOST_KNOWN) known.clear();
  // A copy: a part of a text keeps the whole of what was read in memory.
  const own = Buffer.from(line).toString();
  const capability = capabilityOf(own);
  known.set(own, capability);
  return capability;
}

function capabilityOf(line: string): Capability {
  // One blank between words, and no pattern, is what nearly every line has: splitting by a pattern costs several times as much.
  const words = ODD_BLANKS.test(line) ? line.split(/[ \t]+/) : line.split(" ");
  const keyword = (words[0] as string).toUpperCase();
  const parameters = words.slice(1);
  // Servers of the nineties wrote AUTH=LOGIN; clients took it for AUTH LOGIN.
  if (keyword.startsWith("AUTH=")) return { keyword: "AUTH", parameters: [keyword.slice(5), ...parameters].filter((name) => name !== "") };
  return { keyword, parameters };
}

const ODD_BLANKS = /\t| {2}/;

export function has(capabilities: readonly Capability[] | null, keyword: string): boolean {
  return capabilities?.some((capability) => capability.keyword === keyword) ?? false;
}

export function sizeOf(capabilities: readonly Capability[] | null): Size {
  const size = capabilities?.find((capability) => capability.keyword === "SIZE");
  if (size === undefined) return { meaning: "absent", bytes: null, text: null };
  const text = size.parameters[0] ?? null;
  // SIZE without a number, and SIZE 0, both say: no fixed limit (RFC 1870, section 3).
  if (text === null) return { meaning: "unlimited", bytes: null, text };
  if (!/^\d{1,20}$/.test(text)) return { meaning: "unreadable", bytes: null, text };
  const bytes = Number(text);
  return bytes === 0 ? { meaning: "unlimited", bytes: null, text } : { meaning: "limit", bytes, text };
}

/** The mechanisms that AUTH offers, in upper case, each once. */
export function authMechanisms(capabilities: readonly Capability[] | null): string[] {
  const offered = (capabilities ?? []).filter((capability) => capability.keyword === "AUTH").flatMap((capability) => capability.parameters);
  return [...new Set(offered.map((mechanism) => mechanism.toUpperCase()))];
}
