import { resolve } from "node:path";
import { readDomainReport } from "../mail/domain-report/read-domain-report.js";
import { NO_REPORT } from "../mail/domain-report/unpack.js";
import { FailureError } from "../run/failure-error.js";
import { counted } from "../support/counted.js";
import { printableLine } from "../support/printable.js";
import { styleFor } from "../support/style.js";
import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { Progress } from "./progress.js";
import { filesIn, foundIn } from "./reports/files.js";
import type { Found } from "./reports/found.js";
import { type Counts, jsonOf } from "./reports/json.js";
import { KeptReports } from "./reports/kept.js";
import { reportsPage } from "./reports/page.js";
import { ReportSums } from "./reports/sums.js";
import { textOf } from "./reports/text.js";
import { UsageError } from "./usage-error.js";
import { assertNew, writeNew } from "./write-new.js";

const options = {
  imap: { value: "FILE", description: "Read the messages of an IMAP mailbox: a JSON file with host, username, password and folder, as for mail.receive." },
  results: { value: "FILE", description: "Append each report to this file as a line of JSON, and skip the reports that it already holds." },
  html: { value: "FILE", description: "Also write the sums as one HTML file. A file that exists is not overwritten." },
  all: { description: "Show every source, not only the first ones." },
  json: { description: "Print the sums as JSON." },
} as const;

type Given = Arguments<typeof options>["options"];

export default defineCommand({
  summary: "Sums up reports of DMARC and TLS: who sends in a domain's name, and who fails.",
  usage: "<folder | file>... [options]",
  details:
    "Reads aggregate reports (RFC 9990, RFC 7489) and TLS reports (RFC 8460): files, plain, gzipped or zipped, or messages that hold them, in a folder, a Maildir, an mbox file or an IMAP mailbox. A report that came twice counts once. Exits 1 if something could not be read.",
  options,
  examples: [
    ["reports reports/", "Sum up a folder of reports."],
    ["reports ~/Maildir/.DMARC --html reports.html", "Sum up the messages of a Maildir, and write a page, too."],
    ["reports --imap mailbox.json --results reports.jsonl", "Read a mailbox; run it again to read what is new."],
  ],
  words: { least: 0, most: 1000 },
  run,
});

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  if (words.length === 0 && given.imap === null) throw new UsageError("there is nothing to read", "give a folder, a file, or --imap FILE");
  const html = given.html === null ? null : resolve(io.cwd, given.html);
  if (html !== null) assertNew(html);
  const reading = new Reading(given, io);
  const earlier = await reading.kept.load(reading.sums);
  if (earlier > 0) io.err(`${counted(earlier, "report")} in ${given.results} already\n`);
  reading.counts.earlier = earlier;
  const code = await reading.readAll(words);
  const { sums, counts } = reading;
  const notes = [...counts.unreadable.map(({ name, reason }) => `${name}: ${reason}`), ...counts.without_report.map((name) => `${name}: no report`)];
  if (html !== null) await writeNew(html, reportsPage(sums, notes, new Date()));
  if (given.json) await io.out(jsonOf(sums, counts));
  else {
    const width = io.stdout.isTty ? io.stdout.columns : 160;
    await io.out(textOf(sums, { style: styleFor(io.stdout, io.env), width, showAll: given.all }));
  }
  io.err(closing(counts));
  return code;
}

/** Reads everything that was named, one after the other, and sums it up. */
class Reading {
  readonly sums = new ReportSums();
  readonly kept: KeptReports;
  readonly counts: Counts = { read: 0, duplicates: 0, earlier: 0, without_report: [], unreadable: [] };
  readonly #stopping = new AbortController();
  #code: number = EXIT.ok;

  constructor(
    readonly given: Given,
    readonly io: Io,
  ) {
    this.kept = new KeptReports(given.results === null ? null : resolve(io.cwd, given.results));
  }

  async readAll(words: readonly string[]): Promise<number> {
    const { signal } = this.#stopping;
    const stopListening = this.io.onInterrupt((code) => {
      this.#code = code ?? 130;
      this.#stopping.abort();
    });
    const files = (await Promise.all(words.map((word) => filesIn(resolve(this.io.cwd, word))))).flat();
    const progress = new Progress(this.io, this.given.imap === null ? files.length : null);
    const take = async (found: Found): Promise<void> => progress.ran(await this.#take(found, progress));
    try {
      for (const file of files) {
        for await (const found of foundIn(file)) {
          if (signal.aborted) return this.#code;
          await take(found);
        }
      }
      if (this.given.imap !== null)
        await (await import("./reports/imap.js")).readMailbox(this.given.imap, { io: this.io, isKnown: this.kept.has, take, signal });
    } finally {
      stopListening();
      progress.clear();
    }
    return this.#code;
  }

  async #take(found: Found, progress: Progress): Promise<number> {
    if ("problem" in found) return this.#unreadable(found.name, found.problem, progress);
    if (this.kept.has(found.key)) return EXIT.ok;
    try {
      const report = readDomainReport(found.bytes);
      this.counts[this.sums.add(report) ? "read" : "duplicates"] += 1;
      await this.kept.add({ key: found.key, report });
      return EXIT.ok;
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      if (error.failure.message !== NO_REPORT) return this.#unreadable(found.name, error.failure.message, progress);
      this.counts.without_report.push(found.name);
      await this.kept.add({ key: found.key, report: null });
      return EXIT.ok;
    }
  }

  #unreadable(name: string, reason: string, progress: Progress): number {
    this.counts.unreadable.push({ name, reason });
    progress.clear();
    this.io.err(`${printableLine(`${name}: ${reason}`)}\n`);
    this.#code = Math.max(this.#code, EXIT.failed);
    return EXIT.failed;
  }
}

function closing({ read, duplicates, earlier, without_report: others, unreadable }: Counts): string {
  const parts = [
    `${counted(read, "report")} read`,
    earlier > 0 ? `${earlier} from earlier` : null,
    duplicates > 0 ? counted(duplicates, "duplicate") : null,
    others.length > 0 ? `${others.length} without a report` : null,
    unreadable.length > 0 ? `${unreadable.length} that could not be read` : null,
  ];
  return `${parts.filter((part) => part !== null).join(", ")}\n`;
}
