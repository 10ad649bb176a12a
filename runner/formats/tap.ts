import type { Renderer } from "./renderer.js";
import { findingsOf, oneLine, type RunResult, reasonOf, titleOf } from "./run-result.js";

/** Test Anything Protocol 13 (https://testanything.org/tap-version-13-specification.html): a test point a run, its plan at the end. */
export function tap(): Renderer {
  let count = 0;
  return {
    present: (result, index) => `${point(result, index + 1)}${diagnostics(result)}`,
    item(text, index) {
      count = index + 1;
      return index === 0 ? `TAP version 13\n${text}` : text;
    },
    end: () => (count === 0 ? "TAP version 13\n1..0\n" : `1..${count}\n`),
  };
}

function point(result: RunResult, number: number): string {
  const passed = result.report !== null && result.report.carried.status !== "error";
  // A hash would begin a directive such as TODO.
  return `${passed ? "ok" : "not ok"} ${number} - ${titleOf(result).replaceAll("\\", "\\\\").replaceAll("#", "\\#")}\n`;
}

/** A block of YAML. JSON texts are YAML, too. */
function diagnostics(result: RunResult): string {
  const { report } = result;
  const fields: Record<string, unknown> = {
    severity: report?.carried.status ?? "could not run",
    ...(reasonOf(result) === "" ? {} : { message: reasonOf(result) }),
    ...(report === null ? {} : { duration_ms: report.carried.duration_ms, findings: findingsOf(report).map(({ message }) => oneLine(message)) }),
  };
  const lines = Object.entries(fields).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`);
  return `  ---\n${lines.join("")}  ...\n`;
}
