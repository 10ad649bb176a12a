import { XML_LIMITS } from "./limits.js";
import { resolved } from "./references.js";
import { malformed, XmlError } from "./xml-error.js";

export interface Tag {
  readonly name: string;
  /** By their names, with their references resolved. */
  readonly attributes: ReadonlyMap<string, string>;
  /** It closes itself. */
  readonly isEmpty: boolean;
  /** Behind it. */
  readonly end: number;
}

/** The start tag at `start`, where a < stands. */
export function readTag(text: string, start: number): Tag {
  const name = nameAt(text, start + 1);
  if (name === null) throw malformed("a < begins no tag");
  const attributes = new Map<string, string>();
  let at = start + 1 + name.length;
  for (;;) {
    const next = afterBlanks(text, at);
    if (text[next] === ">") return { name, attributes, isEmpty: false, end: next + 1 };
    if (text.startsWith("/>", next)) return { name, attributes, isEmpty: true, end: next + 2 };
    if (next === at) throw malformed(`the tag <${name}> is not written right`);
    at = readAttribute(text, next, name, attributes);
  }
}

/** Reads one attribute into `attributes`, and gives where it ends. */
function readAttribute(text: string, start: number, element: string, attributes: Map<string, string>): number {
  const name = nameAt(text, start);
  if (name === null) throw malformed(`the tag <${element}> is not written right`);
  const sign = afterBlanks(text, start + name.length);
  if (text[sign] !== "=") throw malformed(`the attribute ${name} has no value`);
  const open = afterBlanks(text, sign + 1);
  const quote = text[open];
  if (quote !== '"' && quote !== "'") throw malformed(`the value of ${name} has no quotes`);
  const close = text.indexOf(quote, open + 1);
  if (close === -1) throw malformed(`the value of ${name} does not end`);
  const value = text.slice(open + 1, close);
  if (value.includes("<")) throw malformed(`the value of ${name} holds a <`);
  if (attributes.has(name)) throw malformed(`the attribute ${name} stands twice`);
  // XML 1.0, 3.3.3: a blank of any kind is a space, but for one that is written as a reference.
  attributes.set(name, resolved(value.replace(/\r\n|[\t\r\n]/g, " ")));
  if (attributes.size > XML_LIMITS.attributes) throw new XmlError("limit", `<${element}> has more than ${XML_LIMITS.attributes} attributes`);
  return close + 1;
}

/** The end tag at `start`, where </ stands. */
export function readEndTag(text: string, start: number): { readonly name: string; readonly end: number } {
  const name = nameAt(text, start + 2);
  const end = afterBlanks(text, start + 2 + (name?.length ?? 0));
  if (name === null || text[end] !== ">") throw malformed("an end tag is not written right");
  return { name, end: end + 1 };
}

const NAME =
  /[A-Za-z_:\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u2070-\u218f\u3001-\ud7ff][\w:.\u00b7\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u1fff\u203f\u2040\u2070-\u218f\u3001-\ud7ff-]*/y;

/** XML 1.0, 2.3, without the rarest letters. */
function nameAt(text: string, at: number): string | null {
  NAME.lastIndex = at;
  const name = NAME.exec(text)?.[0] ?? null;
  if (name !== null && name.length > XML_LIMITS.nameCharacters) throw new XmlError("limit", `a name has more than ${XML_LIMITS.nameCharacters} characters`);
  return name;
}

function afterBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\n" || text[at] === "\r") at += 1;
  return at;
}
