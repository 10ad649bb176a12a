import { expect, test } from "vitest";
import { answerFrom } from "../../../runner/lab/dns/answer.js";
import { parseZone } from "../../../runner/lab/dns/zone.js";

const ZONE = parseZone(`$ORIGIN example.
@ SOA ns hostmaster 1 3600 600 86400 60
* TXT "any"
below.here A 192.0.2.1
*.keys TXT "a key"
`);

// RFC 4592, 2.2.1 and 2.2.2: the closest ancestor that exists decides, also one without records.
test.each([
  ["a.example", ["any"], 0],
  ["a.b.example", ["any"], 0],
  ["s1.keys.example", ["a key"], 0],
  ["a.s1.keys.example", ["a key"], 0],
  ["keys.example", [], 0],
  ["here.example", [], 0],
  ["other.here.example", [], 3],
])("TXT %s", (name, texts, rcode) => {
  const reply = answerFrom([ZONE], { id: 1, questions: [{ name, type: "TXT", class: "IN" }] } as never, false);
  const found = (reply.answers ?? []).map((record) => String((record as { data: string[] }).data));
  expect(found).toEqual(texts);
  expect((reply.flags ?? 0) & 0x0f).toBe(rcode);
});
