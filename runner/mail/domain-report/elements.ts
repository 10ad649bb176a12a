import { failureError } from "../../run/failure-error.js";
import { readXml } from "../../xml/read-xml.js";
import { XmlError } from "../../xml/xml-error.js";
import { decodeAs } from "../charset.js";
import { DOMAIN_REPORT_LIMITS as LIMITS } from "./limits.js";

/** An element of a report, without its attributes: no report has any that matter. */
export interface Element {
  /** Without its namespace's prefix. */
  readonly name: string;
  text: string;
  readonly children: Element[];
}

export interface Root {
  readonly name: string;
  readonly namespace: string | null;
}

/**
 * The elements below the root of an XML document, one after the other, so that a long document is never in memory as a tree.
 */
export function* elementsOf(document: Buffer, onRoot: (root: Root) => void): Generator<Element> {
  const open: Element[] = [];
  let depth = 0;
  let count = 0;
  try {
    for (const event of readXml(textOf(document))) {
      if (event.kind === "text" && open.length > 0) (open.at(-1) as Element).text += event.text;
      if (event.kind === "open") {
        if (depth === 0) onRoot({ name: localName(event.name), namespace: namespaceOf(event.name, event.attributes) });
        else {
          count = depth === 1 ? 1 : count + 1;
          if (count > LIMITS.elements) throw failureError("parse", "limit_exceeded", `<${open[0]?.name}> holds more than ${LIMITS.elements} elements`);
          const element: Element = { name: localName(event.name), text: "", children: [] };
          open.at(-1)?.children.push(element);
          open.push(element);
        }
        depth += 1;
      }
      if (event.kind === "close") {
        depth -= 1;
        const closed = open.pop();
        if (closed !== undefined && open.length === 0) yield closed;
      }
    }
  } catch (error) {
    throw error instanceof XmlError ? refusal(error) : error;
  }
}

/** The first child of that name. */
export function child(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((each) => each.name === name);
}

export function children(element: Element | undefined, name: string): Element[] {
  return element?.children.filter((each) => each.name === name) ?? [];
}

/** The text of a child, without the blanks around it; null if there is none, or nothing in it. */
export function textIn(element: Element | undefined, name: string): string | null {
  const text = child(element, name)?.text.trim() ?? "";
  return text === "" ? null : text;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function namespaceOf(name: string, attributes: ReadonlyMap<string, string>): string | null {
  const colon = name.indexOf(":");
  return attributes.get(colon === -1 ? "xmlns" : `xmlns:${name.slice(0, colon)}`) ?? null;
}

/** In the encoding that its byte order mark or its declaration names; UTF-8 by default (XML 1.0, 4.3.3). */
function textOf(document: Buffer): string {
  const bytes = document.toString("latin1");
  const [, declared] =
    /^(?:\u00ef\u00bb\u00bf)?\s{0,100}<\?xml\s[^>]{0,200}?encoding\s{0,10}=\s{0,10}["']([A-Za-z0-9._-]{1,40})["']/.exec(bytes.slice(0, 400)) ?? [];
  const charset = bytes.startsWith("\u00ff\u00fe") ? "utf-16le" : bytes.startsWith("\u00fe\u00ff") ? "utf-16be" : (declared ?? "utf-8");
  const text = decodeAs(charset, bytes);
  if (text === null) throw violation(`its bytes are not valid in ${charset}`);
  return text;
}

function refusal({ kind, message }: XmlError): Error {
  if (kind === "limit") return failureError("parse", "limit_exceeded", message);
  return violation(kind === "doctype" ? "it has a DOCTYPE, which no report has" : `it is not well-formed XML: ${message}`);
}

function violation(message: string): Error {
  return failureError("parse", "protocol_violation", message);
}
