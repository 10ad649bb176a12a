import { printable } from "../support/printable.js";
import { eachAlone, type Renderer } from "./renderer.js";
import { findingsOf, type RunResult, reasonOf, titleOf } from "./run-result.js";

/** Workflow commands of GitHub Actions, which become annotations; a run that is ok is a plain line of the log. */
export function github(): Renderer {
  return eachAlone((result) => `${lines(result).join("\n")}\n`);
}

function lines(result: RunResult): string[] {
  const { report } = result;
  if (report === null) return [command("error", result, `could not run: ${reasonOf(result)}`)];
  const { failure, status, duration_ms: duration } = report.carried;
  const judged = findingsOf(report).map(({ severity, message }) => command(severity, result, message));
  if (failure !== null) return [command("error", result, reasonOf(result)), ...judged];
  if (judged.length > 0 && status !== "ok") return judged;
  return status === "ok" ? [`ok: ${titleOf(result)} in ${duration.toFixed(1)} ms`] : [command(status, result, status)];
}

function command(kind: "error" | "warning", result: RunResult, message: string): string {
  return `::${kind} title=${data(titleOf(result)).replaceAll(":", "%3A").replaceAll(",", "%2C")}::${data(message)}`;
}

/** A line feed would begin the next command, which may be one that a server wrote. */
function data(text: string): string {
  return printable(text).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
