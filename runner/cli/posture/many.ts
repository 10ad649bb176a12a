import { appendFile, readFile } from "node:fs/promises";
import type { Report } from "../../harness/run.js";
import { runReport } from "../../harness/run.js";
import { stepsOf } from "../../posture/changes.js";
import { fileProblem } from "../../support/file-error.js";
import { printableLine } from "../../support/printable.js";
import { type Style, styleFor } from "../../support/style.js";
import { wholeNumber } from "../arguments.js";
import { EXIT, exitCodeOf } from "../exit-codes.js";
import type { Io } from "../io.js";
import { Progress } from "../progress.js";
import { UsageError } from "../usage-error.js";
import type { Posture } from "./card.js";
import { inputFrom, type PostureOptions, timeoutOf } from "./options.js";

/** Each name server and each mail host has its own bound, over all domains (server-bounds.ts, turns.ts): this one only keeps memory small. */
const USUAL_CONCURRENCY = 16;

/** A row for each domain, as soon as it is known. With a file of results it resumes where an earlier call stopped. */
export async function examineMany(domains: readonly string[], given: PostureOptions, io: Io): Promise<number> {
  const concurrency = wholeNumber("concurrency", given.concurrency, 1, 64) ?? USUAL_CONCURRENCY;
  const done = given.results === null ? new Set<string>() : await domainsIn(given.results);
  const left = domains.filter((domain) => !done.has(domain));
  if (done.size > 0) io.err(`${domains.length - left.length} of ${domains.length} domains are in ${given.results} already\n`);
  const rows = new Rows(left, given, io);
  await rows.examineAll(concurrency);
  return rows.code;
}

class Rows {
  code: number = EXIT.ok;
  #next = 0;
  readonly #progress: Progress;
  readonly #stopping = new AbortController();
  readonly #style: Style;

  constructor(
    readonly domains: readonly string[],
    readonly given: PostureOptions,
    readonly io: Io,
  ) {
    this.#progress = new Progress(io, domains.length);
    this.#style = styleFor(io.stdout, io.env);
  }

  async examineAll(concurrency: number): Promise<void> {
    const stopListening = this.io.onInterrupt((code) => {
      this.code = code ?? 130;
      this.#stopping.abort();
    });
    const width = Math.max(6, ...this.domains.map((domain) => domain.length));
    try {
      if (!this.given.json && this.domains.length > 0) await this.io.out(`${row("DOMAIN", ["SPOOFING", "ARRIVAL", "RECEIVING"], "FIRST", width)}\n`);
      await Promise.all(Array.from({ length: concurrency }, () => this.#work(width)));
    } finally {
      stopListening();
      this.#progress.clear();
    }
  }

  async #work(width: number): Promise<void> {
    for (let domain = this.domains[this.#next++]; domain !== undefined && !this.#stopping.signal.aborted; domain = this.domains[this.#next++]) {
      const report = await runReport("mail.posture@1", { domain, ...inputFrom(this.given) }, { signal: this.#stopping.signal, ...timeoutOf(this.given) });
      // A run that was interrupted is not a result: the next call makes it again.
      if (this.#stopping.signal.aborted) return;
      await this.#keep(report, width);
    }
  }

  async #keep(report: Report, width: number): Promise<void> {
    const { given, io } = this;
    const line = `${JSON.stringify(report.envelope)}\n`;
    if (given.results !== null) await appendFile(given.results, line, { mode: 0o600 });
    this.#progress.clear();
    await io.out(given.json ? line : `${this.#row(report.envelope.output as Posture, width)}\n`);
    const code = exitCodeOf(report, given["fail-on"] === "warning" ? "warning" : "error");
    this.#progress.ran(code);
    this.code = Math.max(this.code, code);
  }

  #row({ domain, answers, checks, failure }: Posture, width: number): string {
    const colours = { protected: this.#style.green, partly: this.#style.yellow, open: this.#style.red, unknown: this.#style.blue };
    const cells = answers.map(({ answer }) => colours[answer](answer.padEnd(9)));
    const [first] = stepsOf(checks);
    const step = first === undefined ? "" : `${first.check}: ${first.record?.name ?? first.why}`;
    return row(printableLine(domain), cells, printableLine(failure?.message ?? step), width);
  }
}

function row(domain: string, cells: readonly string[], last: string, width: number): string {
  return `${domain.padEnd(width)}  ${cells.map((cell) => cell.padEnd(9)).join("  ")}  ${last}`.trimEnd();
}

/** The domains whose envelopes a file holds. A line that was cut off, as by a crash, is left out. */
async function domainsIn(path: string): Promise<Set<string>> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw new UsageError(fileProblem(path, error), "name a file of earlier results, or a new one");
  });
  const lines = text.split("\n").filter((line) => line !== "");
  const domains = lines.map(domainIn);
  if (lines.length > 0 && domains.every((domain) => domain === null))
    throw new UsageError(`${path} holds no results of posture`, "name another file: results are appended to it");
  return new Set(domains.filter((domain) => domain !== null));
}

function domainIn(line: string): string | null {
  try {
    const { output } = JSON.parse(line) as { output?: { domain?: unknown; answers?: unknown } };
    return typeof output?.domain === "string" && Array.isArray(output.answers) ? output.domain : null;
  } catch {
    return null;
  }
}
