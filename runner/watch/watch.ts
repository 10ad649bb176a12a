import type { IncidentEvent } from "../../schemas/incident-event.js";
import type { HistoryClient } from "../history/history-client.js";
import { HistoryLost } from "../history/history-lost.js";
import type { Notification } from "../history/outbox.js";
import { Book, type BookOptions } from "./book.js";
import { CertificateWatch } from "./certificates/certificate-watch.js";
import { seenCertificates } from "./certificates/seen-certificates.js";
import { Objectives } from "./objectives/objective.js";
import type { Ran } from "./run-check.js";
import { openLines, Sender, type SenderLine } from "./sender.js";
import type { WatchedCheck, WatchPlan } from "./watch-plan.js";
import { type Unfinished, Watcher, type WatcherCounts } from "./watcher.js";

export interface WatchOptions {
  /** Simultaneous runs. */
  readonly most: number;
  run(check: WatchedCheck, signal: AbortSignal): Promise<Ran>;
  tell(message: string): void;
  /** What no later slot could mend. */
  onError(error: unknown): void;
}

/** A plan whose receivers can be used: nothing has started yet. */
export interface PreparedWatch {
  readonly plan: WatchPlan;
  readonly lines: readonly SenderLine[];
}

/** What one watch leaves to the next, when the file has changed. */
export interface Legacy {
  readonly unfinished: readonly Unfinished[];
  readonly counts: WatcherCounts;
}

/** Rejects with a RequestError for a receiver that cannot be used. */
export async function prepareWatch(plan: WatchPlan, environment: NodeJS.ProcessEnv): Promise<PreparedWatch> {
  return { plan, lines: await openLines(plan.receivers, environment) };
}

const LOOK_EVERY_MS = 30_000;

interface Parts {
  readonly book: Book;
  readonly certificates: CertificateWatch;
  readonly sender: Sender;
}

/** All that runs while a suite is watched. */
export class Watch {
  readonly book: Book;
  readonly certificates: CertificateWatch;
  readonly watcher: Watcher;
  readonly #sender: Sender;
  readonly #objectives: Objectives;
  readonly #timer: NodeJS.Timeout;

  /** Starts it, from where the history ends. */
  static async open(prepared: PreparedWatch, history: HistoryClient, options: WatchOptions, legacy: Legacy | null = null): Promise<Watch> {
    const { plan, lines } = prepared;
    let open: Omit<Parts, "sender"> | null = null;
    const openIncidents = (): IncidentEvent[] =>
      open === null ? [] : [...open.book.openIncidents(Date.now()), ...open.certificates.openIncidents(Date.now())];
    const sender = new Sender(lines, history, { onTrouble: options.tell, openIncidents });
    try {
      open = await openParts(plan, history, options, sender);
      history.keep(plan.keep);
      return new Watch({ ...open, sender }, options, legacy);
    } catch (error) {
      await sender.close();
      throw error;
    }
  }

  private constructor(
    { book, certificates, sender }: Parts,
    readonly options: WatchOptions,
    legacy: Legacy | null,
  ) {
    this.book = book;
    this.certificates = certificates;
    this.#sender = sender;
    this.#objectives = new Objectives(book);
    this.watcher = new Watcher(book, {
      most: options.most,
      now: Date.now,
      run: options.run,
      onError: options.onError,
      onResult: (check, { outcome }, { report }) => {
        if (report !== null) certificates.seen(check, seenCertificates(report.envelope.output), Date.now());
        if (outcome === "error") this.#later(this.#objectives.failed(check, Date.now()));
      },
    });
    this.#timer = setInterval(() => this.#later(this.#look(Date.now())), LOOK_EVERY_MS);
    this.watcher.start(legacy);
  }

  /** Ends it; what was not recorded may run again in the next one. */
  async close(): Promise<Legacy> {
    clearInterval(this.#timer);
    const unfinished = await this.watcher.stop();
    await this.#sender.close();
    return { unfinished, counts: this.watcher.counts };
  }

  /** What time alone brings. */
  async #look(now: number): Promise<void> {
    await this.book.remind(now);
    this.certificates.look(now);
    await this.#objectives.look(now);
  }

  /** What cannot be done now is done half a minute later: a disk that is full must not end the watch. */
  #later(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (error instanceof HistoryLost) this.options.onError(error);
      else this.options.tell(`the history cannot be used: ${(error as Error).message}`);
    });
  }
}

async function openParts(plan: WatchPlan, history: HistoryClient, { tell, onError }: WatchOptions, sender: Sender): Promise<Omit<Parts, "sender">> {
  const changed = (message: string): void => {
    tell(message);
    sender.wake();
  };
  const onTrouble = (error: unknown, unsaved: readonly Notification[]): void => {
    sender.keepUnsaved(unsaved);
    tell(`the history cannot be written, and the watch continues without it: ${(error as Error).message}`);
  };
  const onChange: BookOptions["onChange"] = ({ name }, { kind, at, incident }, reason) =>
    changed(`${new Date(at).toISOString()} ${name}: ${kind} (incident ${incident})${reason === null ? "" : `: ${reason}`}`);
  const book = await Book.open(plan, history, { onChange, onTrouble }, Date.now());
  const certificateOptions = { onChange: (name: string, reason: string) => changed(`${name}: ${reason}`), onTrouble, onError };
  const certificates = await CertificateWatch.open(plan, history, certificateOptions, Date.now());
  return { book, certificates };
}
