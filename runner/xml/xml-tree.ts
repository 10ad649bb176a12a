import { readXml } from "./read-xml.js";

/** An element with its attributes, its own text, and the elements in it. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/** A whole document in memory: its root element is the only child of what is given. Throws an XmlError. */
export function xmlTree(document: string): XmlElement {
  const top: XmlElement = { name: "", attributes: new Map(), children: [], text: "" };
  const open = [top];
  for (const event of readXml(document)) {
    const current = open.at(-1) as XmlElement;
    if (event.kind === "text") current.text += event.text;
    else if (event.kind === "close") open.pop();
    else if (event.kind === "open") {
      const element: XmlElement = { name: event.name, attributes: event.attributes, children: [], text: "" };
      current.children.push(element);
      open.push(element);
    }
  }
  return top;
}

/** The text of an element or an attribute: /feed/entry[2]/title, /feed/@version. Undefined if there is none. */
export function textAtPath(top: XmlElement, path: string): string | undefined {
  let current: XmlElement | undefined = top;
  for (const step of path.split("/").slice(1)) {
    if (step.startsWith("@")) return current.attributes.get(step.slice(1));
    const [, name, position = "1"] = /^(.*?)(?:\[([0-9]+)\])?$/.exec(step) as unknown as [string, string, string?];
    current = current.children.filter((child) => child.name === name)[Number(position) - 1];
    if (current === undefined) return undefined;
  }
  return current.text.trim();
}
