import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readXml } from "../../../runner/xml/read-xml.js";
import { XmlError } from "../../../runner/xml/xml-error.js";
import { realServer } from "../../support/real-servers.js";

const ORACLE = fileURLToPath(new URL("../../support/expat_oracle.py", import.meta.url));

type Step = ["open", string, [string, string][]] | ["close", string] | ["text", string];

function ours(document: string): Step[] | null {
  const steps: Step[] = [];
  try {
    for (const event of readXml(document)) {
      if (event.kind === "open") steps.push(["open", event.name, [...event.attributes].sort(([one], [other]) => (one < other ? -1 : 1))]);
      if (event.kind === "close") steps.push(["close", event.name]);
      if (event.kind === "text") steps.push(["text", event.text]);
    }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return null;
  }
  return joined(steps);
}

/** Pieces of one text, which a reader may give separately. */
function joined(steps: readonly Step[] | null): Step[] | null {
  if (steps === null) return null;
  const all: Step[] = [];
  for (const step of steps) {
    const last = all.at(-1);
    if (step[0] === "text" && last?.[0] === "text") all.splice(-1, 1, ["text", last[1] + step[1]]);
    else if (step[0] !== "text" || step[1] !== "") all.push(step);
  }
  return all;
}

/** Without document types, which we refuse and expat reads, and without names longer than ours may be. */
const PIECES = fc.constantFrom(
  ...["<a>", "</a>", "<a>", "</a>", "<b/>", "<b />", "</b>", "<b>", "< b/>", "<é ü='ö'/>", '<a:b c:d="e"/>', "<a x='1' y=\"2\">", "<a x='1' x='2'>", "<a x=1>"],
  ...["<a x='a\tb\r\nc&#10;d'>", "<a\nx\r=\t'1'>", "<a x='<'>", "<a x='&lt;&amp;&gt;&quot;&apos;'>", "<a x='&y;'>", "<a x>", "<a x='1'y='2'>"],
  ...[
    "t",
    "\r\n",
    "\r",
    " ",
    "&amp;",
    "&lt;",
    "&#65;",
    "&#x41;",
    "&#x1F600;",
    "&#0;",
    "&#xd800;",
    "&#xfffe;",
    "&nbsp;",
    "&",
    "&;",
    ">",
    "]]>",
    "\u0001",
    "\ufffe",
    "é\u{1f600}",
  ],
  ...[
    "<!-- c -->",
    "<!---->",
    "<!-- -- -->",
    "<!--->",
    "<!--",
    "-->",
    "<![CDATA[x&amp;<b>]]>",
    "<![CDATA[",
    "]]",
    "<?p?>",
    "<?p x?>",
    "<? p?>",
    "<?p",
    "<?xml?>",
    "<?XML x?>",
  ],
  ...["<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-8' standalone='no' ?>", "<?xml encoding='utf-8'?>", "\ufeff"],
);

realServer("XML as expat reads it", ["python3"], () => {
  /** A name that the fifth edition of XML 1.0 allows, as we do; expat keeps to the fourth. */
  const newName = "<?pé\u{1f600}";

  test("20,000 documents give the same elements, attributes and texts, or are refused by both", () => {
    const documents = fc.sample(
      fc
        .tuple(fc.boolean(), fc.array(PIECES, { maxLength: 9 }))
        .map(([isWithin, pieces]) => (isWithin ? `<r>${pieces.join("")}</r>` : pieces.join("")))
        .filter((document) => !document.includes(newName)),
      20_000,
    );
    const input = documents.map((document) => Buffer.from(document).toString("base64")).join("\n");
    const { stdout, stderr } = spawnSync("/usr/bin/python3", [ORACLE], { input: `${input}\n`, maxBuffer: 256 * 1024 * 1024 });
    expect(stderr.toString()).toBe("");
    const theirs = stdout.toString().trim().split("\n");
    expect(theirs).toHaveLength(documents.length);
    const verdicts = documents.map((document, index) => ({ document, ours: ours(document), theirs: joined(JSON.parse(theirs[index] as string)) }));
    expect(verdicts.filter((each) => JSON.stringify(each.ours) !== JSON.stringify(each.theirs)).slice(0, 5)).toEqual([]);
    // The rule is of use only if it meets both.
    expect(verdicts.filter((each) => each.ours !== null).length).toBeGreaterThan(1000);
    expect(verdicts.filter((each) => each.ours === null).length).toBeGreaterThan(1000);
  });
});
