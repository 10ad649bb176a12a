import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { junit } from "../../../runner/formats/junit.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { broken, failed, HOSTILE, rendered, result, warned } from "./results.js";

test("a test case a run: failures, errors and notes", () => {
  const text = rendered(junit(), [result(), failed("connect", "refused", "connection refused"), warned("slow"), broken("a bug")]);
  expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="probe-run" tests="4" failures="1" errors="1" time="0.300750">
  <testsuite name="probe-run" tests="4" failures="1" errors="1" time="0.300750" skipped="0">
    <testcase classname="network.smtp" name="network.smtp mx.example.org:25" time="0.100250"/>
    <testcase classname="network.smtp" name="network.smtp mx.example.org:25" time="0.100250">
      <failure type="connect.refused" message="connect: refused: connection refused"/>
    </testcase>
    <testcase classname="network.smtp" name="network.smtp mx.example.org:25" time="0.100250">
      <system-out>warning: slow_response: slow</system-out>
    </testcase>
    <testcase classname="network.smtp" name="network.smtp mx.example.org:25" time="0.000000">
      <error message="a bug"/>
    </testcase>
  </testsuite>
</testsuites>
`);
});

test("a watched check is named once with its probe", () => {
  const text = rendered(junit(), [
    { ...result(), target: "mx1 network.smtp@2 greets" },
    { ...result(), target: "network.smtp.example.org" },
  ]);
  expect([...text.matchAll(/<testcase [^>]*name="([^"]*)"/g)].map(([, name]) => name)).toEqual([
    "mx1 network.smtp@2 greets",
    "network.smtp network.smtp.example.org",
  ]);
});

realServer("an XML parser reads it, whatever a server said", ["python3"], () => {
  test("every text arrives as it was printed", async () => {
    const hostile = result({ status: "error", failure: { phase: "data", code: "reset", message: HOSTILE } }, { target: HOSTILE });
    const text = rendered(junit(), [hostile, warned(HOSTILE), broken(HOSTILE)]);
    const code =
      "import sys, xml.etree.ElementTree as tree\nfor each in tree.fromstring(sys.argv[1].encode()).iter('testcase'): print(len(list(each)), each[0].tag, (each[0].get('message') or each[0].text).encode('unicode_escape').decode())";
    const { stdout } = await promisify(execFile)(programPath("python3") as string, ["-c", code, text]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual(["1 failure", "1 system-out", "1 error"]);
    for (const line of lines) expect(line).toContain("not ok 9 # TODO\\\\x1b[2J <b>&\"' \\\\u202e\\ufffd %0A ]]> ");
  });
});
