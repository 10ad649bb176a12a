import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { XML_LIMITS } from "../../../runner/xml/limits.js";
import { readXml, type XmlEvent } from "../../../runner/xml/read-xml.js";
import { XmlError } from "../../../runner/xml/xml-error.js";
import { textAtPath, type XmlElement, xmlTree } from "../../../runner/xml/xml-tree.js";

function refusal(text: string): XmlError["kind"] | null {
  try {
    xmlTree(text);
    return null;
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return error.kind;
  }
}

const FEED =
  '<?xml version="1.0"?>\n<feed version="2"><!-- no --><entry><title>one &amp; &#x41;</title></entry><entry><title><![CDATA[<two>]]></title></entry></feed>';

test.each([
  ["/feed/@version", "2"],
  ["/feed/entry/title", "one & A"],
  ["/feed/entry[2]/title", "<two>"],
  ["/feed/entry[3]/title", undefined],
  ["/other", undefined],
])("the text at %s", (path, text) => {
  expect(textAtPath(xmlTree(FEED), path)).toBe(text);
});

test("references are resolved wherever they stand in a long text", () => {
  for (let before = 65_520; before < 65_540; before++)
    expect(textAtPath(xmlTree(`<a>${"x".repeat(before)}&amp;&#x10FFFD;&lt;${"y".repeat(70_000)}&amp;</a>`), "/a")).toBe(
      `${"x".repeat(before)}&\u{10fffd}<${"y".repeat(70_000)}&`,
    );
  expect(refusal(`<a>${"x".repeat(65_530)}&amp${"y".repeat(70_000)}</a>`)).toBe("malformed");
});

test("six million references take no gigabyte", () => {
  const before = process.resourceUsage().maxRSS;
  let length = 0;
  for (const event of readXml(`<a>${"&amp;".repeat(6_000_000)}</a>`)) if (event.kind === "text") length += event.text.length;
  expect(length).toBe(6_000_000);
  expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(600);
});

test.each([
  "<a>&x;</a>",
  "<a><b></a></b>",
  "<a>",
  "<a/><b/>",
  "text",
  "",
  '<a x="1" x="2"/>',
  "<a x=1/>",
  "<a x/>",
  '<a x="1"y="2"/>',
  "<a>&</a>",
  "<a>&amp</a>",
  "<a>]]></a>",
  "<a><!-- -- --></a>",
  "<a><!-- x ---></a>",
  ' <?xml version="1.0"?><a/>',
  '<a><?xml version="1.0"?></a>',
  '<?xml version="2.0"?><a/>',
  '<?xml encoding="utf-8"?><a/>',
  "<a><? x?></a>",
  "<a>\u0001</a>",
  "<a>\ud800</a>",
  '<a x="<"/>',
  "<a><![CDATA[x</a>",
  "<![CDATA[x]]><a/>",
  "<a>&#0;</a>",
  "<a>&#xd800;</a>",
  "<a>&#xffff;</a>",
  "<a>&#x110000;</a>",
  "<a></a/>",
  "</a>",
  "<a></a >b",
  "< a/>",
  "<1/>",
  "\u00a0<a/>",
])("%j is not well-formed", (text) => {
  expect(refusal(text)).toBe("malformed");
});

test.each(['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "<!ELEMENT a ANY><a/>", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "<a><!DOCTYPE a></a>"])(
  "the document type of %j is refused",
  (text) => {
    expect(refusal(text)).toBe("doctype");
  },
);

describe("limits", () => {
  const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);
  const attributed = (count: number): string => `<a ${Array.from({ length: count }, (_, index) => `a${index}="1"`).join(" ")}/>`;
  const named = (length: number): string => `<${"a".repeat(length)}/>`;

  test.each([
    ["depth", nested, XML_LIMITS.depth],
    ["attributes", attributed, XML_LIMITS.attributes],
    ["the characters of a name", named, XML_LIMITS.nameCharacters],
    ["the characters of the document", (length: number) => `<a>${"x".repeat(length - 7)}</a>`, XML_LIMITS.characters],
  ])("%s", (_what, written, most) => {
    expect(refusal(written(most))).toBeNull();
    expect(refusal(written(most + 1))).toBe("limit");
  });
});

const NAMES = fc.constantFrom("a", "b", "ns:c", "_d", "é", "x-1.y");
const CHARACTERS = fc.constantFrom("a", " ", "\n", "<", ">", "&", '"', "'", "]", "]]>", "é", "\u{1f600}", "-", "\t", "\r");
const TEXT = fc.array(CHARACTERS, { maxLength: 8 }).map((all) => all.join(""));
const ATTRIBUTES = fc.dictionary(NAMES, TEXT, { maxKeys: 4 });

interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: readonly (Node | string)[];
}

const { node: NODE } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.record({
    name: NAMES,
    attributes: ATTRIBUTES,
    content: fc.array(fc.oneof({ maxDepth: 4 }, TEXT, tie("node")), { maxLength: 4 }),
  }),
}));

/** One of the ways in which a character may be written. */
type Way = (most: number) => number;

function writtenText(text: string, way: Way): string {
  if (!text.includes("]]>") && !text.includes("\r") && way(4) === 0) return `<![CDATA[${text}]]>`;
  return [...text]
    .map((character) => {
      const point = character.codePointAt(0) as number;
      if (character === "<") return ["&lt;", "&#60;", "&#x3C;"][way(3)];
      if (character === "&") return ["&amp;", "&#38;"][way(2)];
      if (character === ">") return ["&gt;", "&#x3e;"][way(2)];
      if (character === "\r") return "&#13;";
      return way(6) === 0 ? `&#x${point.toString(16)};` : character;
    })
    .join("");
}

function writtenValue(value: string, way: Way): string {
  const quote = way(2) === 0 ? '"' : "'";
  const inside = [...value].map((character) => (/[<&"'\t\r\n]/.test(character) || way(6) === 0 ? `&#${character.codePointAt(0)};` : character)).join("");
  return `${quote}${inside}${quote}`;
}

function written({ name, attributes, content }: Node, way: Way): string {
  const blank = (): string => [" ", "\n", "\t ", "\r\n"][way(4)] as string;
  const start = `${name}${Object.entries(attributes)
    .map(([each, value]) => `${blank()}${each}${way(3) === 0 ? " = " : "="}${writtenValue(value, way)}`)
    .join("")}`;
  if (content.length === 0 && way(2) === 0) return `<${start}/>`;
  const inside = content.map((each) => (typeof each === "string" ? writtenText(each, way) : written(each, way)));
  return `<${start}>${inside.map((each) => `${each}${["", "", "<!-- - -->", "<?p x?>"][way(4)]}`).join("")}</${name}${way(3) === 0 ? " " : ""}>`;
}

function shape({ name, attributes, children, text }: XmlElement): unknown {
  return { name, attributes: Object.fromEntries(attributes), children: children.map(shape), text };
}

function expected({ name, attributes, content }: Node): unknown {
  return {
    name,
    attributes,
    children: content.filter((each): each is Node => typeof each !== "string").map(expected),
    text: content.filter((each) => typeof each === "string").join(""),
  };
}

test("every way to write a document gives the same document", () => {
  fc.assert(
    fc.property(NODE, fc.infiniteStream(fc.nat()), (node, stream) => {
      const way: Way = (most) => (stream.next().value as number) % most;
      const prolog = ["", '<?xml version="1.0" encoding="UTF-8"?>\n', "\ufeff<!-- x -->"][way(3)];
      expect(xmlTree(`${prolog}${written(node, way)}\n`).children.map(shape)).toEqual([expected(node)]);
    }),
    { numRuns: 200 },
  );
});

test("whatever is read, tags are in balance, and nothing else than XmlError is thrown", () => {
  const PIECES = fc.constantFrom(
    "<a>",
    "</a>",
    "<b x='1'/>",
    "&amp;",
    "&x;",
    "t",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?p",
    "?>",
    "<!DOCTYPE a>",
    '"',
    "<",
    ">",
  );
  fc.assert(
    fc.property(fc.array(PIECES, { maxLength: 12 }), (pieces) => {
      const open: string[] = [];
      const take = (event: XmlEvent): void => {
        if (event.kind === "open") open.push(event.name);
        if (event.kind === "close") expect(open.pop()).toBe(event.name);
      };
      try {
        for (const event of readXml(pieces.join(""))) take(event);
        expect(open).toEqual([]);
      } catch (error) {
        if (!(error instanceof XmlError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});

/** A reader whose work grows with the square would take minutes. */
test.each([
  ["comments", `<a>${"<!---->".repeat(40_000)}</a>`],
  ["open brackets", `<a>${"<".repeat(300_000)}`],
  ["ampersands", `<a>${"&".repeat(300_000)}</a>`],
  ["references", `<a>${"&amp;".repeat(60_000)}</a>`],
  ["blanks in a tag", `<a${" ".repeat(300_000)}/>`],
  ["a name without an end", `<${"a".repeat(300_000)}`],
  ["a value without an end", `<a x="${"y".repeat(300_000)}`],
  ["CDATA sections", `<a>${"<![CDATA[]]>".repeat(30_000)}</a>`],
  ["tags", `<a>${"<b/>".repeat(75_000)}</a>`],
])("%s are read in linear time", (_what, text) => {
  refusal(text);
});
