import { createReadStream } from "node:fs";
import { appendFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { DomainReport } from "../../../schemas/domain-report.js";
import { fileProblem } from "../../support/file-error.js";
import { UsageError } from "../usage-error.js";
import type { ReportSums } from "./sums.js";

/** Null: it holds no report, and is not opened again. */
interface Line {
  readonly key: string;
  readonly report: DomainReport | null;
}

/** What earlier calls have read, in a file of JSON lines, so that this one goes on where they stopped. */
export class KeptReports {
  readonly #keys = new Set<string>();
  /** The file's last line has no end: an earlier call was killed while it wrote. */
  #isCut = false;

  constructor(readonly path: string | null) {}

  /** Sums up what the file holds, and returns how many reports that are. A line that was cut off, as by a crash, is left out. */
  async load(sums: ReportSums): Promise<number> {
    if (this.path === null) return 0;
    let reports = 0;
    let lines = 0;
    try {
      const input = createReadStream(this.path);
      input.on("data", (chunk) => {
        this.#isCut = chunk[chunk.length - 1] !== 10;
      });
      for await (const text of createInterface({ input })) {
        lines += 1;
        const line = lineOf(text);
        if (line === null || this.#keys.has(line.key)) continue;
        this.#keys.add(line.key);
        if (line.report !== null && sums.add(line.report)) reports += 1;
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT") throw new UsageError(fileProblem(this.path, error), "name a file of earlier results, or a new one");
    }
    if (lines > 0 && this.#keys.size === 0) throw new UsageError(`${this.path} holds no results of reports`, "name another file: results are appended to it");
    return reports;
  }

  has = (key: string): boolean => this.#keys.has(key);

  async add(line: Line): Promise<void> {
    this.#keys.add(line.key);
    if (this.path === null) return;
    await appendFile(this.path, `${this.#isCut ? "\n" : ""}${JSON.stringify(line)}\n`, { mode: 0o600 });
    this.#isCut = false;
  }
}

function lineOf(text: string): Line | null {
  try {
    const { key, report } = JSON.parse(text) as Partial<Line>;
    const isReport = report === null || (typeof report === "object" && (report.kind === "dmarc" || report.kind === "tls") && Array.isArray(report.sources));
    return typeof key === "string" && isReport ? { key, report } : null;
  } catch {
    return null;
  }
}
