import { readXml, type XmlEvent } from "../../xml/read-xml.js";
import { XmlError } from "../../xml/xml-error.js";

/** A logo, judged as SVG Tiny PS: the profile of SVG that mail clients may show. */
export interface SvgFacts {
  readonly is_tiny_ps: boolean;
  /** Why it is not. */
  readonly problems: readonly string[];
  /** What is allowed, and against the advice. */
  readonly remarks: readonly string[];
  readonly bytes: number;
}

/** Advised: 32 KB. */
const MAX_BYTES = 32_768;
const MAX_TITLE = 64;
const NAMESPACE = "http://www.w3.org/2000/svg";

const ELEMENTS: ReadonlySet<string> = new Set(
  "svg title desc metadata g defs use path rect circle ellipse line polyline polygon text tspan textArea tbreak linearGradient radialGradient stop solidColor font font-face font-face-src font-face-name glyph missing-glyph hkern".split(
    " ",
  ),
);

const ROOT_ONLY_WRONG = ["x", "y", "zoomAndPan", "externalResourcesRequired"] as const;

export function judgeSvg(bytes: Buffer): SvgFacts {
  const reader = new SvgReader();
  const problems = reader.problems;
  try {
    for (const event of readXml(bytes.toString("utf8"))) reader.take(event);
    reader.finish();
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    problems.add(error.kind === "malformed" ? `it is no well-formed XML: ${error.message}` : error.message);
  }
  if (bytes.length > MAX_BYTES) reader.remarks.add(`it has ${bytes.length} bytes, and at most ${MAX_BYTES} are advised`);
  return { is_tiny_ps: problems.size === 0, problems: [...problems].slice(0, 20), remarks: [...reader.remarks], bytes: bytes.length };
}

class SvgReader {
  readonly problems = new Set<string>();
  readonly remarks = new Set<string>();
  #depth = 0;
  #titles = 0;
  /** The text of a title or description that is open. */
  #words: { readonly name: "title" | "desc"; text: string } | null = null;

  take(event: XmlEvent): void {
    switch (event.kind) {
      case "instruction":
        this.problems.add("it has a processing instruction, as for a style sheet");
        break;
      case "text":
        if (this.#words !== null) this.#words.text += event.text;
        break;
      case "close":
        this.#closed();
        break;
      default:
        this.#opened(event);
    }
  }

  finish(): void {
    if (this.#titles === 0) this.problems.add("it has no title");
    if (this.#titles > 1) this.problems.add("it has several titles");
  }

  #opened({ name, attributes }: Extract<XmlEvent, { kind: "open" }>): void {
    const local = name.slice(name.indexOf(":") + 1);
    if (this.#depth === 0) this.#root(local, attributes);
    else if (!ELEMENTS.has(local)) this.problems.add(`it holds <${local.slice(0, 40)}>`);
    if (this.#depth === 1 && (local === "title" || local === "desc")) this.#words = { name: local, text: "" };
    for (const [attribute, value] of attributes) this.#attribute(attribute, value);
    this.#depth += 1;
  }

  #closed(): void {
    this.#depth -= 1;
    const words = this.#words;
    if (words === null || this.#depth !== 1) return;
    this.#words = null;
    const text = words.text.trim();
    if (text === "") this.problems.add(`its ${words.name} is empty`);
    if (words.name === "title") this.#titles += 1;
    if (words.name === "title" && [...text].length > MAX_TITLE) this.remarks.add(`its title is longer than ${MAX_TITLE} characters`);
  }

  #root(name: string, attributes: ReadonlyMap<string, string>): void {
    if (name !== "svg") this.problems.add(`its root is <${name.slice(0, 40)}>, not <svg>`);
    const namespaces = [...attributes].filter(([attribute]) => attribute === "xmlns" || attribute.startsWith("xmlns:")).map(([, value]) => value);
    if (!namespaces.includes(NAMESPACE)) this.problems.add("it has no namespace of SVG");
    if (attributes.get("version") !== "1.2") this.problems.add('its version is not "1.2"');
    if (attributes.get("baseProfile") !== "tiny-ps") this.problems.add('its baseProfile is not "tiny-ps"');
    for (const wrong of ROOT_ONLY_WRONG) {
      const value = attributes.get(wrong);
      if (value !== undefined && !(wrong === "zoomAndPan" && value === "disable") && !(wrong === "externalResourcesRequired" && value === "false"))
        this.problems.add(`its root has the attribute ${wrong}`);
    }
    this.#shape(attributes);
  }

  /** Clients cut a logo into a square or a circle. */
  #shape(attributes: ReadonlyMap<string, string>): void {
    const box = attributes
      .get("viewBox")
      ?.trim()
      .split(/[\s,]+/)
      .map(Number);
    const [, , boxWidth, boxHeight] = box ?? [];
    if (box !== undefined && (box.length !== 4 || box.some(Number.isNaN) || !(Number(boxWidth) > 0 && Number(boxHeight) > 0)))
      this.remarks.add("its viewBox is not four numbers with a width and a height");
    else if (boxWidth !== boxHeight) this.remarks.add("its viewBox is not square");
    const [width, height] = [attributes.get("width"), attributes.get("height")];
    if (width !== undefined && height !== undefined && Number.parseFloat(width) !== Number.parseFloat(height)) this.remarks.add("its width and height differ");
  }

  #attribute(name: string, value: string): void {
    const local = name.slice(name.indexOf(":") + 1).toLowerCase();
    if (/^on[a-z]/.test(local)) this.problems.add(`it has an event handler (${local.slice(0, 40)})`);
    if (local === "href" && !value.trim().startsWith("#")) this.problems.add("it refers to something outside itself");
    if (name.startsWith("xmlns")) return;
    if (/url\(\s*['"]?\s*[^#'"\s)]/i.test(value.slice(0, 4000))) this.problems.add("it refers to something outside itself");
    if (/^\s*(?:javascript|data)\s*:/i.test(value)) this.problems.add("it holds a script or data in an address");
  }
}
