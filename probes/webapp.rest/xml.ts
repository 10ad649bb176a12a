/** An element with its attributes, its own text, and the elements in it. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

const MAX_DEPTH = 128;
const OPEN =
  /<([A-Za-z_:\u0080-\uffff][\w:.\u0080-\uffff-]*)((?:[ \t\r\n]+[A-Za-z_:\u0080-\uffff][\w:.\u0080-\uffff-]*[ \t\r\n]*=[ \t\r\n]*(?:"[^"<]*"|'[^'<]*'))*)[ \t\r\n]*(\/?)>/y;
const CLOSE = /<\/([A-Za-z_:\u0080-\uffff][\w:.\u0080-\uffff-]*)[ \t\r\n]*>/y;
const ATTRIBUTE = /[ \t\r\n]+([A-Za-z_:\u0080-\uffff][\w:.\u0080-\uffff-]*)[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')/y;

/**
 * Reads an XML document strictly (XML 1.0, without namespaces). A document type is refused: it defines entities, which expand without end or
 * name files. Throws an Error that says what is wrong.
 */
export function readXml(text: string): XmlElement {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0, section 2.2: these are no characters of a document
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text)) throw new Error("it has a character that XML does not allow");
  const root: XmlElement = { name: "", attributes: new Map(), children: [], text: "" };
  const open = [root];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length) {
    const current = open.at(-1) as XmlElement;
    if (text[at] !== "<") {
      const end = text.indexOf("<", at);
      const piece = text.slice(at, end === -1 ? text.length : end);
      if (open.length === 1 && piece.trim() !== "") throw new Error("there is text outside of the root element");
      if (piece.includes("]]>")) throw new Error("]]> stands in a text");
      current.text += decoded(piece);
      at += piece.length;
    } else if (text.startsWith("<!--", at)) at = afterComment(text, at + 4);
    else if (text.startsWith("<?", at)) at = afterInstruction(text, at, text.startsWith("\ufeff") ? 1 : 0);
    else if (text.startsWith("<![CDATA[", at) && open.length > 1) {
      const end = after(text, "]]>", at + 9);
      current.text += text.slice(at + 9, end - 3);
      at = end;
    } else if (text.startsWith("<!", at)) throw new Error("it has a document type, which is not read");
    else at = tag(text, at, open);
  }
  if (open.length > 1) throw new Error(`the element ${open.at(-1)?.name} is not closed`);
  if (root.children.length !== 1) throw new Error("it has no root element, or more than one");
  return root;
}

function tag(text: string, at: number, open: XmlElement[]): number {
  const current = open.at(-1) as XmlElement;
  CLOSE.lastIndex = at;
  const closing = CLOSE.exec(text);
  if (closing !== null) {
    if (open.length === 1 || closing[1] !== current.name) throw new Error(`</${closing[1]}> closes nothing`);
    open.pop();
    return CLOSE.lastIndex;
  }
  OPEN.lastIndex = at;
  const opening = OPEN.exec(text);
  if (opening === null) throw new Error(`this is no tag: ${JSON.stringify(text.slice(at, at + 40))}`);
  const element: XmlElement = { name: opening[1] as string, attributes: attributesOf(opening[2] as string), children: [], text: "" };
  current.children.push(element);
  if (opening[3] === "") open.push(element);
  if (open.length > MAX_DEPTH) throw new Error(`it is nested more than ${MAX_DEPTH} deep`);
  return OPEN.lastIndex;
}

function attributesOf(written: string): Map<string, string> {
  const attributes = new Map<string, string>();
  ATTRIBUTE.lastIndex = 0;
  // What is written is nothing but attributes: each begins where the one before it ends.
  for (let found = ATTRIBUTE.exec(written); found !== null; found = ATTRIBUTE.exec(written)) {
    const [, name, double, single] = found;
    if (attributes.has(name as string)) throw new Error(`the attribute ${name} is repeated`);
    attributes.set(name as string, decoded(double ?? single ?? ""));
  }
  return attributes;
}

/** XML 1.0, section 2.5. */
function afterComment(text: string, from: number): number {
  const end = text.indexOf("--", from);
  if (end === -1 || text[end + 2] !== ">") throw new Error(end === -1 ? "--> is missing" : "-- stands in a comment");
  return end + 3;
}

/** XML 1.0, sections 2.6 and 2.8: the declaration stands at the very beginning. */
function afterInstruction(text: string, at: number, begin: number): number {
  if (at !== begin && /^<\?xml[\s?]/i.test(text.slice(at, at + 6))) throw new Error("the XML declaration does not stand at the beginning");
  return after(text, "?>", at + 2);
}

function after(text: string, end: string, from: number): number {
  const index = text.indexOf(end, from);
  if (index === -1) throw new Error(`${end} is missing`);
  return index + end.length;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replace(/&([^;&]{0,16});?/g, (written, name: string) => {
    if (!written.endsWith(";")) throw new Error("an & stands alone");
    const code = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/.exec(name);
    const point = code === null ? -1 : Number.parseInt(code[1] ?? (code[2] as string), code[1] === undefined ? 10 : 16);
    if (point > 0 && point <= 0x10ffff) return String.fromCodePoint(point);
    const entity = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (entity === undefined) throw new Error(`the entity &${name}; is not known`);
    return entity;
  });
}

/** The text of an element or an attribute: /feed/entry[2]/title, /feed/@version. Undefined if there is none. */
export function textAtPath(root: XmlElement, path: string): string | undefined {
  let current: XmlElement | undefined = root;
  for (const step of path.split("/").slice(1)) {
    if (step.startsWith("@")) return current.attributes.get(step.slice(1));
    const [, name, position = "1"] = /^(.*?)(?:\[([0-9]+)\])?$/.exec(step) as unknown as [string, string, string?];
    current = current.children.filter((child) => child.name === name)[Number(position) - 1];
    if (current === undefined) return undefined;
  }
  return current.text.trim();
}
