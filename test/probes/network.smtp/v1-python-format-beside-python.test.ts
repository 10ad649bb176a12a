import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pythonBytes, pythonFloat, pythonList, pythonSeconds } from "../../../probes/network.smtp/python-format.js";
import { realServer } from "../../support/real-servers.js";

const PROGRAM = `
import json, sys
asked = json.load(sys.stdin)
json.dump({
  "lists": [{"value": v, "printed": repr(v)} for v in asked["lists"]],
  "bytes": [{"hex": v, "printed": repr(bytes.fromhex(v))} for v in asked["bytes"]],
  "floats": [{"value": v, "printed": repr(float(v))} for v in asked["floats"]],
  "seconds": [{"milliseconds": v, "printed": repr(round(v / 1000, 3)) + "s"} for v in asked["seconds"]],
}, sys.stdout)
`;

interface Answers {
  lists: { value: string[]; printed: string }[];
  bytes: { hex: string; printed: string }[];
  floats: { value: string; printed: string }[];
  seconds: { milliseconds: number; printed: string }[];
}

/** The real Python's answers to arbitrary values. */
function answers(): Answers {
  const asked = {
    lists: sample(fc.array(pythonText, { maxLength: 4 })),
    bytes: sample(hexText),
    floats: sample(fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
    seconds: sample(milliseconds),
  };
  const python = spawnSync("python3", ["-c", PROGRAM], { input: JSON.stringify(asked), encoding: "utf8" });
  return JSON.parse(python.stdout) as Answers;
}

function sample<Value>(values: fc.Arbitrary<Value>): Value[] {
  return fc.sample(values, 2000);
}

// Which letters are assigned differs between the two Unicode tables, so only blocks that were full before either was made.
const pythonText = fc.string({
  maxLength: 12,
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0x17f }).map((code) => String.fromCodePoint(code)),
    fc.constantFrom("'", '"', "\\", "\n", "\u200b", "\u2028", "\u3000", "\ufeff", "\ud800", "ж", "日", "\u{1f600}", "\u{e0001}"),
  ),
});
const hexText = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const milliseconds = fc.oneof(
  fc.integer({ min: 0, max: 60_000_000 }).map((microseconds) => microseconds / 1000),
  fc.integer({ min: 0, max: 10_000 }).map((sixteenths) => sixteenths * 62.5),
);

realServer("the formats of version 1 beside Python", ["python3"], () => {
  test("prints random values as Python does", () => {
    const { lists, bytes, floats, seconds } = answers();
    expect(lists.map(({ value }) => pythonList(value))).toEqual(lists.map(({ printed }) => printed));
    expect(bytes.map(({ hex }) => pythonBytes(Buffer.from(hex, "hex")))).toEqual(bytes.map(({ printed }) => printed));
    expect(floats.map(({ value }) => pythonFloat(Number(value)))).toEqual(floats.map(({ printed }) => printed));
    expect(seconds.map((entry) => pythonSeconds(entry.milliseconds))).toEqual(seconds.map(({ printed }) => printed));
  });
});
