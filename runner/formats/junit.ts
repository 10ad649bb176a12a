import type { Status } from "../../schemas/carried.js";
import type { Renderer } from "./renderer.js";
import { findingsOf, oneLine, type RunResult, reasonOf, titleOf } from "./run-result.js";

/** JUnit's XML as build servers read it: a test case a run. The counts stand at its head, so all of it is written at the end. */
export function junit(): Renderer {
  const cases: { xml: string; status: Status | null; ms: number }[] = [];
  return {
    present(result, index) {
      cases[index] = { xml: testCase(result), status: result.report?.carried.status ?? null, ms: result.report?.carried.duration_ms ?? 0 };
      return "";
    },
    item: (text) => text,
    end() {
      const failures = cases.filter(({ status }) => status === "error").length;
      const errors = cases.filter(({ status }) => status === null).length;
      const total = cases.reduce((sum, { ms }) => sum + ms, 0);
      const counts = `tests="${cases.length}" failures="${failures}" errors="${errors}" time="${seconds(total)}"`;
      const suite = `  <testsuite name="probe-run" ${counts} skipped="0">\n${cases.map(({ xml }) => xml).join("")}  </testsuite>\n`;
      return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="probe-run" ${counts}>\n${suite}</testsuites>\n`;
    },
  };
}

function testCase(result: RunResult): string {
  const { probe, report } = result;
  const time = seconds(report?.carried.duration_ms ?? 0);
  const head = `    <testcase classname="${escaped(probe)}" name="${escaped(titleOf(result))}" time="${time}"`;
  const inside = [...outcome(result), ...notes(result)].map((line) => `      ${line}\n`).join("");
  return inside === "" ? `${head}/>\n` : `${head}>\n${inside}    </testcase>\n`;
}

function outcome(result: RunResult): string[] {
  const { report } = result;
  const message = escaped(reasonOf(result));
  if (report === null) return [`<error message="${message}"/>`];
  if (report.carried.status !== "error") return [];
  const { failure } = report.carried;
  const type = failure === null ? "expectation" : `${failure.phase}.${failure.code}`;
  return [`<failure type="${escaped(type)}" message="${message}"/>`];
}

/** Findings, also of a run that is ok or a warning, which JUnit has no word for. */
function notes({ report }: RunResult): string[] {
  const lines = report === null ? [] : findingsOf(report).map(({ severity, reason, message }) => oneLine(`${severity}: ${reason}: ${message}`));
  return lines.length === 0 ? [] : [`<system-out>${escaped(lines.join("\n"))}</system-out>`];
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(6);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Control characters and lone surrogates are printable text by now. What else XML 1.0 has no way to write is replaced. */
function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] as string).replace(/[\ufffe\uffff]/g, "\ufffd");
}
