import { execFile } from "node:child_process";

/** A ```console block of a document: commands behind `$ `, each with what it prints. */
export interface Session {
  line: number;
  steps: { command: string; output: string }[];
}

/** A ```json, ```yaml or ```ts block whose first line names a file: the reader saves it, so the test does. */
export interface NamedFile {
  name: string;
  text: string;
}

const FENCE = /^```(\w+)(?: title="([^"]+)")?$/;

export function readDocument(markdown: string): { sessions: Session[]; files: NamedFile[] } {
  const sessions: Session[] = [];
  const files: NamedFile[] = [];
  const lines = markdown.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const fence = FENCE.exec(lines[index] as string);
    if (fence === null) continue;
    const end = lines.indexOf("```", index + 1);
    const body = lines.slice(index + 1, end);
    if (fence[1] === "console") sessions.push({ line: index + 1, steps: stepsOf(body) });
    if (fence[2] !== undefined) files.push({ name: fence[2], text: `${body.join("\n")}\n` });
    index = end;
  }
  return { sessions, files };
}

function stepsOf(body: readonly string[]): Session["steps"] {
  const steps: { command: string; output: string }[] = [];
  for (const line of body) {
    if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: "" });
    else if (steps.length > 0) (steps[steps.length - 1] as { output: string }).output += `${line}\n`;
  }
  return steps;
}

/** Runs a command line as a reader would, with `npx probe-run` being this checkout's; gives all that it prints. */
export function runCommand(command: string, folder: string, cli: string): Promise<string> {
  const line = command.replaceAll("npx probe-run", `"${process.execPath}" "${cli}"`);
  return new Promise((resolve) => {
    execFile(
      "sh",
      ["-c", `{ ${line}\n} 2>&1`],
      { cwd: folder, timeout: 60_000, env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", CI: "", GITHUB_ACTIONS: "" } },
      (_error, stdout) => resolve(stdout),
    );
  });
}

/** What differs from run to run, made the same: times, ports, ids, and the bars that are drawn from the times. */
export function normalise(output: string): string {
  return (
    output
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<moment>")
      .replace(/\d\d:\d\d:\d\d/g, "<time>")
      .replace(/^ *╌ a wait .*\n/gm, "")
      .replace(/[█▉▊▋▌▍▎▏╌ ]{2,}/g, "  ")
      .replace(/127\.0\.0\.1 (port )?\d{4,5}/g, "127.0.0.1 $1<port>")
      .replace(/("(?:target_)?port": )\d{4,5}/g, "$1<port>")
      .replace(/([\w.]+):\d{4,5}\b/g, "$1:<port>")
      .replace(/("\w+_ms": ?|\w+_ms +)[\d.]+/g, "$1<ms>")
      .replace(/\b\d+(\.\d+)?( ?)m?s\b/g, "<n>$2s")
      .replace(/\([\d.,]+\/s\)/g, "(<n>/s)")
      .replace(/( RUN {2}v)\S+ \S+/g, "$1<version> <folder>")
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<id>")
      // How much of a reply fits into its line depends on how wide the times are.
      .replace(/\S*…/g, "…")
      .replace(/[ \t]+$/gm, "")
      .trim()
  );
}
