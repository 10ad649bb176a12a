import type { Check } from "./check.js";
import { dottedText, readableText } from "./ip-address.js";
import { type Asking, SPF_LIMITS } from "./lookups.js";
import { type MacroLetter, type MacroPart, transformed } from "./macros.js";
import { validatedNames } from "./validated-names.js";

export interface Expanding extends Check {
  /** Of the record that contains the macro. */
  readonly domain: string;
}

/** A domain-spec as a name. Null if it needs a local part that no name can hold (RFC 8616, section 4). */
export function* expandDomain(parts: readonly MacroPart[], expanding: Expanding): Asking<string | null> {
  return literalDomain(parts) ?? (yield* expandMacros(parts, expanding));
}

/** A domain without macros, as most are; null for another one. */
export function literalDomain([first, ...others]: readonly MacroPart[]): string | null {
  return typeof first === "string" && others.length === 0 && first.length <= SPF_LIMITS.nameBytes ? first.replace(/\.$/, "") : null;
}

/** A domain of a record that no message changes: without macros, or with that of the record's own domain only. Null for another one. */
export function knownDomain(parts: readonly MacroPart[], domain: string): string | null {
  const texts = parts.map((part) => (typeof part === "string" ? part : part.letter === "d" ? transformed(domain, part) : null));
  return texts.includes(null) ? null : withinLimit(texts.join(""));
}

function* expandMacros(parts: readonly MacroPart[], expanding: Expanding): Asking<string | null> {
  const usesLocalPart = parts.some((part) => typeof part !== "string" && (part.letter === "l" || part.letter === "s"));
  if (usesLocalPart && BEYOND_ASCII.test(expanding.localPart)) return null;
  return withinLimit(yield* expandText(parts, expanding));
}

/** Section 7.3: a text that is too long loses labels on its left. */
function withinLimit(text: string): string {
  let name = text.replace(/\.$/, "");
  while (name.length > SPF_LIMITS.nameBytes && name.includes(".")) name = name.slice(name.indexOf(".") + 1);
  return name;
}

const BEYOND_ASCII = /[^ -~]/;

export function* expandText(parts: readonly MacroPart[], expanding: Expanding): Asking<string> {
  let text = "";
  for (const part of parts) text += typeof part === "string" ? part : transformed(yield* macroValue(part.letter, expanding), part);
  return text;
}

function* macroValue(letter: MacroLetter, expanding: Expanding): Asking<string> {
  if (letter === "p") return yield* validatedDomain(expanding);
  const { address, question, localPart, senderDomain, domain } = expanding;
  const values: Readonly<Record<Exclude<MacroLetter, "p">, string>> = {
    s: `${localPart}@${senderDomain}`,
    l: localPart,
    o: senderDomain,
    d: domain,
    i: dottedText(address),
    h: question.helo,
    c: readableText(address),
    r: question.receiver ?? "unknown",
    t: String(Math.floor((question.now ?? Date.now)() / 1000)),
    v: address.family === 4 ? "in-addr" : "ip6",
  };
  return values[letter];
}

/** The domain itself if it is among the client's validated names, else a name below it, else any. */
function* validatedDomain(expanding: Expanding): Asking<string> {
  const names = yield* validatedNames(expanding);
  const domain = expanding.domain.toLowerCase();
  const lower = (name: string): string => name.toLowerCase();
  return names.find((name) => lower(name) === domain) ?? names.find((name) => lower(name).endsWith(`.${domain}`)) ?? names[0] ?? "unknown";
}
