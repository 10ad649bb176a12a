/** One step through an XML document. */
export type XmlEvent =
  | { readonly kind: "open"; readonly name: string; readonly attributes: ReadonlyMap<string, string>; readonly isEmpty: boolean }
  | { readonly kind: "close"; readonly name: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "instruction" | "doctype" };

/** Why a text is no well-formed document. */
export class XmlError extends Error {
  override readonly name = "XmlError";
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,99}/;
const MAX_DEPTH = 200;
const MAX_ATTRIBUTES = 200;

/**
 * Reads a document in linear time, without ever expanding an entity or following a reference: enough of XML 1.0 to say whether a document is
 * well-formed and what it holds. Texts and values are as written: unescapeXml resolves the references in them. Throws an XmlError for a document
 * that is not well-formed.
 */
export function* readXml(text: string): Generator<XmlEvent> {
  const open: string[] = [];
  let hasRoot = false;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < text.length) {
    if (text[at] !== "<") {
      const end = indexOr(text, "<", at, text.length);
      const piece = text.slice(at, end);
      if (open.length === 0 && piece.trim() !== "") throw new XmlError("there is text outside the root element");
      if (open.length > 0) yield { kind: "text", text: checked(piece) };
      at = end;
    } else if (text.startsWith("<!--", at)) at = endOf(text, "-->", at + 4, "a comment");
    else if (text.startsWith("<![CDATA[", at)) {
      const end = endOf(text, "]]>", at, "a CDATA section");
      if (open.length === 0) throw new XmlError("there is text outside the root element");
      yield { kind: "text", text: text.slice(at + 9, end - 3) };
      at = end;
    } else if (text.startsWith("<?", at)) {
      const end = endOf(text, "?>", at, "an instruction");
      if (!/^<\?xml\s/.test(text.slice(at, at + 7))) yield { kind: "instruction" };
      at = end;
    } else if (text.startsWith("<!DOCTYPE", at)) {
      if (hasRoot) throw new XmlError("a DOCTYPE stands behind the root element");
      yield { kind: "doctype" };
      at = endOfDoctype(text, at);
    } else if (text.startsWith("</", at)) {
      const end = endOf(text, ">", at, "an end tag");
      const name = text.slice(at + 2, end - 1).trim();
      if (open.pop() !== name) throw new XmlError(`</${name.slice(0, 40)}> closes nothing that is open`);
      yield { kind: "close", name };
      at = end;
    } else {
      if (open.length === 0 && hasRoot) throw new XmlError("there is a second root element");
      const tag = readTag(text, at);
      hasRoot = true;
      yield { kind: "open", name: tag.name, attributes: tag.attributes, isEmpty: tag.isEmpty };
      if (tag.isEmpty) yield { kind: "close", name: tag.name };
      else open.push(tag.name);
      if (open.length > MAX_DEPTH) throw new XmlError(`elements are nested more than ${MAX_DEPTH} deep`);
      at = tag.end;
    }
  }
  if (open.length > 0) throw new XmlError(`<${open.at(-1)}> is not closed`);
  if (!hasRoot) throw new XmlError("there is no element");
}

function readTag(text: string, start: number): { name: string; attributes: Map<string, string>; isEmpty: boolean; end: number } {
  const name = nameAt(text, start + 1);
  if (name === null) throw new XmlError("a < begins no tag");
  const attributes = new Map<string, string>();
  let at = start + 1 + name.length;
  for (;;) {
    const before = at;
    while (isBlank(text[at])) at += 1;
    if (text[at] === ">") return { name, attributes, isEmpty: false, end: at + 1 };
    if (text.startsWith("/>", at)) return { name, attributes, isEmpty: true, end: at + 2 };
    const attribute = nameAt(text, at);
    if (attribute === null || before === at) throw new XmlError(`the tag <${name}> is not written right`);
    at += attribute.length;
    while (isBlank(text[at])) at += 1;
    if (text[at] !== "=") throw new XmlError(`the attribute ${attribute} has no value`);
    at += 1;
    while (isBlank(text[at])) at += 1;
    const quote = text[at];
    if (quote !== '"' && quote !== "'") throw new XmlError(`the value of ${attribute} has no quotes`);
    const end = text.indexOf(quote, at + 1);
    if (end === -1) throw new XmlError(`the value of ${attribute} does not end`);
    const value = text.slice(at + 1, end);
    if (value.includes("<")) throw new XmlError(`the value of ${attribute} holds a <`);
    if (attributes.has(attribute)) throw new XmlError(`the attribute ${attribute} stands twice`);
    attributes.set(attribute, checked(value));
    if (attributes.size > MAX_ATTRIBUTES) throw new XmlError(`<${name}> has more than ${MAX_ATTRIBUTES} attributes`);
    at = end + 1;
  }
}

function nameAt(text: string, at: number): string | null {
  return NAME.exec(text.slice(at, at + 100))?.[0] ?? null;
}

const ENTITY = /^&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});/;

/** Only the five entities of XML itself, and character references: others are declared in a DOCTYPE. */
function checked(piece: string): string {
  for (let at = piece.indexOf("&"); at !== -1; at = piece.indexOf("&", at + 1)) {
    if (!ENTITY.test(piece.slice(at, at + 12))) throw new XmlError("an & begins no known entity");
  }
  return piece;
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** A text with its references resolved: those that readXml has let pass, none of which expands to more than one character. */
export function unescapeXml(piece: string): string {
  return piece.replace(/&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/g, (all, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return NAMED[name] as string;
    const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
    return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? all : String.fromCodePoint(code);
  });
}

function endOfDoctype(text: string, at: number): number {
  const bracket = text.indexOf("[", at);
  const simple = endOf(text, ">", at, "the DOCTYPE");
  if (bracket === -1 || bracket > simple) return simple;
  const end = endOf(text, "]", bracket, "the DOCTYPE");
  return endOf(text, ">", end, "the DOCTYPE");
}

function endOf(text: string, mark: string, from: number, what: string): number {
  const end = text.indexOf(mark, from);
  if (end === -1) throw new XmlError(`${what} does not end`);
  return end + mark.length;
}

function indexOr(text: string, mark: string, from: number, otherwise: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 ? otherwise : at;
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r";
}
