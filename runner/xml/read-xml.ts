import { XML_LIMITS } from "./limits.js";
import { readEndTag, readTag } from "./read-tag.js";
import { hasForbidden, resolved } from "./references.js";
import { malformed, XmlError } from "./xml-error.js";

/** One step through an XML document. */
export type XmlEvent =
  | { readonly kind: "open"; readonly name: string; readonly attributes: ReadonlyMap<string, string> }
  | { readonly kind: "close"; readonly name: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "instruction" };

/**
 * Reads a document strictly (XML 1.0, without namespaces), in linear time, and without ever following a reference. A document type is refused: it
 * defines entities, which expand without end or name files. Throws an XmlError for a document that is not well-formed, and for one beyond a limit.
 */
export function* readXml(text: string): Generator<XmlEvent> {
  if (text.length > XML_LIMITS.characters) throw new XmlError("limit", `it has more than ${XML_LIMITS.characters} characters`);
  if (hasForbidden(text)) throw malformed("it has a character that XML does not allow");
  const open: string[] = [];
  let hasRoot = false;
  const begin = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let at = begin;
  while (at < text.length) {
    if (text[at] !== "<") {
      const end = text.indexOf("<", at);
      const piece = text.slice(at, end === -1 ? text.length : end);
      if (open.length > 0) yield { kind: "text", text: plainText(piece) };
      else if (!BLANKS.test(piece)) throw malformed("there is text outside the root element");
      at += piece.length;
    } else if (text.startsWith("<!--", at)) at = afterComment(text, at + 4);
    else if (text.startsWith("<![CDATA[", at)) {
      if (open.length === 0) throw malformed("there is text outside the root element");
      const end = after(text, "]]>", at + 9, "a CDATA section");
      yield { kind: "text", text: withLineFeeds(text.slice(at + 9, end - 3)) };
      at = end;
    } else if (text.startsWith("<?", at)) {
      const end = after(text, "?>", at + 2, "an instruction");
      if (!isDeclaration(text.slice(at, Math.min(end, at + MAX_DECLARATION)), at === begin)) yield { kind: "instruction" };
      at = end;
    } else if (text.startsWith("<!", at)) throw new XmlError("doctype", "it has a DOCTYPE, which is not read");
    else if (text.startsWith("</", at)) {
      const { name, end } = readEndTag(text, at);
      if (open.pop() !== name) throw malformed(`</${name}> closes nothing that is open`);
      yield { kind: "close", name };
      at = end;
    } else {
      if (open.length === 0 && hasRoot) throw malformed("there is a second root element");
      const { name, attributes, isEmpty, end } = readTag(text, at);
      if (open.length >= XML_LIMITS.depth) throw new XmlError("limit", `elements are nested more than ${XML_LIMITS.depth} deep`);
      hasRoot = true;
      yield { kind: "open", name, attributes };
      if (isEmpty) yield { kind: "close", name };
      else open.push(name);
      at = end;
    }
  }
  if (open.length > 0) throw malformed(`<${open.at(-1)}> is not closed`);
  if (!hasRoot) throw malformed("there is no element");
}

const BLANKS = /^[ \t\r\n]*$/;

function plainText(piece: string): string {
  if (piece.includes("]]>")) throw malformed("]]> stands in a text");
  return resolved(withLineFeeds(piece));
}

/** XML 1.0, 2.11: the end of a line is one line feed. */
function withLineFeeds(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

const MAX_DECLARATION = 200;
const DECLARATION =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.[0-9]+"|'1\.[0-9]+')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>$/;

/** XML 1.0, 2.6 and 2.8: no other instruction may have the name of the declaration, in any case. */
function isDeclaration(instruction: string, isFirst: boolean): boolean {
  if (!/^<\?xml[ \t\r\n?]/i.test(instruction)) {
    if (!INSTRUCTION.test(instruction)) throw malformed("an instruction has no name");
    return false;
  }
  if (!isFirst) throw malformed("the XML declaration does not stand at the beginning");
  if (!DECLARATION.test(instruction)) throw malformed("the XML declaration is not written right");
  return true;
}

const INSTRUCTION = /^<\?[A-Za-z_:\u0080-\uffff][\w:.\u0080-\uffff-]*[ \t\r\n?]/;

/** XML 1.0, 2.5. */
function afterComment(text: string, from: number): number {
  const end = after(text, "--", from, "a comment");
  if (text[end] !== ">") throw malformed("-- stands in a comment");
  return end + 1;
}

function after(text: string, mark: string, from: number, what: string): number {
  const end = text.indexOf(mark, from);
  if (end === -1) throw malformed(`${what} does not end`);
  return end + mark.length;
}
