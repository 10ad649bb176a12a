import type { IncidentEvent } from "../../schemas/incident-event.js";
import { CertificateStore } from "../history/certificates.js";
import type { History, Notification } from "../history/history.js";
import { deleteOld } from "../history/retention.js";
import { rollUp } from "../history/rollup.js";
import { Book } from "./book.js";
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

const HOUSEKEEPING_MS = 30_000;
const BETWEEN_SLICES_MS = 50;

/** All that runs while a suite is watched. */
export class Watch {
  readonly book: Book;
  readonly certificates: CertificateWatch;
  readonly watcher: Watcher;
  readonly #sender: Sender;
  readonly #objectives: Objectives;
  readonly #housekeeping: NodeJS.Timeout;
  #soon: NodeJS.Timeout | null = null;

  constructor(
    { plan, lines }: PreparedWatch,
    readonly history: History,
    readonly options: WatchOptions,
    legacy: Legacy | null = null,
  ) {
    this.#sender = new Sender(lines, history, { onTrouble: options.tell, openIncidents: () => this.#openIncidents() });
    this.book = new Book(
      plan,
      history,
      {
        onChange: ({ name }, { kind, at, incident }, reason) =>
          this.#changed(`${new Date(at).toISOString()} ${name}: ${kind} (incident ${incident})${reason === null ? "" : `: ${reason}`}`),
        onTrouble: (error, unsaved) => this.#trouble(error, unsaved),
      },
      Date.now(),
    );
    const store = new CertificateStore(history, plan.suite);
    const certificateOptions = {
      onChange: (name: string, reason: string) => this.#changed(`${name}: ${reason}`),
      onTrouble: (error: unknown, unsaved: readonly Notification[]) => this.#trouble(error, unsaved),
    };
    this.certificates = new CertificateWatch(plan, store, certificateOptions, Date.now());
    this.#objectives = new Objectives(this.book);
    this.watcher = new Watcher(this.book, {
      most: options.most,
      now: Date.now,
      run: options.run,
      onError: options.onError,
      onResult: (check, { outcome }, { report }) => {
        if (report !== null) this.certificates.seen(check, seenCertificates(report.envelope.output), Date.now());
        if (outcome === "error") this.#objectives.failed(check, Date.now());
      },
    });
    this.#housekeeping = setInterval(() => this.#keepHouse(), HOUSEKEEPING_MS);
    this.watcher.start(legacy);
  }

  /** Ends it; what was not recorded may run again in the next one. */
  async close(): Promise<Legacy> {
    clearInterval(this.#housekeeping);
    if (this.#soon !== null) clearTimeout(this.#soon);
    const unfinished = await this.watcher.stop();
    await this.#sender.close();
    return { unfinished, counts: this.watcher.counts };
  }

  #changed(message: string): void {
    this.options.tell(message);
    this.#sender.wake();
  }

  #trouble(error: unknown, unsaved: readonly Notification[]): void {
    this.#sender.keepUnsaved(unsaved);
    this.options.tell(`the history cannot be written, and the watch continues without it: ${(error as Error).message}`);
  }

  #openIncidents(): IncidentEvent[] {
    return [...this.book.openIncidents(Date.now()), ...this.certificates.openIncidents(Date.now())];
  }

  /** What cannot be done now is done half a minute later: a disk that is full must not end the watch. */
  #keepHouse(): void {
    const now = Date.now();
    try {
      this.book.remind(now);
      this.certificates.look(now);
      this.#objectives.look(now);
      const { driver } = this.history;
      const isMore = rollUp(driver, now);
      // Between two slices the checks come first.
      if (deleteOld(driver, this.book.plan.keep, now) || isMore) this.#soon = setTimeout(() => this.#keepHouse(), BETWEEN_SLICES_MS);
    } catch (error) {
      this.options.tell(`the history cannot be kept in order: ${(error as Error).message}`);
    }
  }
}
