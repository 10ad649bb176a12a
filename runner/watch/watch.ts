import type { IncidentEvent } from "../../schemas/incident-event.js";
import type { HistoryClient } from "../history/history-client.js";
import { HistoryLost } from "../history/history-lost.js";
import type { Notification } from "../history/outbox.js";
import { findProgram } from "../program/find-program.js";
import { counted } from "../support/counted.js";
import { Book, type BookOptions } from "./book.js";
import { CertificateWatch } from "./certificates/certificate-watch.js";
import { seenCertificates } from "./certificates/seen-certificates.js";
import { BEAT_EVERY_MS, Heartbeat } from "./heartbeat.js";
import type { HeartbeatReport } from "./heartbeats/due-report.js";
import { Heartbeats } from "./heartbeats/heartbeats.js";
import { openTokens } from "./heartbeats/open-tokens.js";
import { HistoryHealth } from "./history-health.js";
import { Objectives } from "./objectives/objective.js";
import type { Ran } from "./run-check.js";
import { openLines, Sender, type SenderLine } from "./sender.js";
import { encode, type Report } from "./shared/entries.js";
import { openShare, type Share } from "./shared/share.js";
import { SharedWatcher } from "./shared/shared-watcher.js";
import type { CheckState } from "./state.js";
import type { WatchedCheck, WatchPlan } from "./watch-plan.js";
import { type Unfinished, Watcher, type WatcherCounts, type Watching } from "./watcher.js";

export interface WatchOptions {
  /** Simultaneous runs. */
  readonly most: number;
  /** The URL of the queue whose workers run the checks; null: this process does. */
  readonly queue: string | null;
  run(check: WatchedCheck, signal: AbortSignal): Promise<Ran>;
  /** With a queue: what a worker found in the slot that began at this moment. */
  onReport(check: WatchedCheck, report: Report, at: number): void;
  tell(message: string): void;
  /** What no later slot could mend. */
  onError(error: unknown): void;
}

/** A plan whose receivers can be used: nothing has started yet. */
export interface PreparedWatch {
  readonly plan: WatchPlan;
  readonly lines: readonly SenderLine[];
  /** Of jobs that report themselves: the key of each by the digest of its token. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Programs that are not there: a watch begins without them, and its notifications wait. */
  readonly missing: readonly string[];
}

/** What one watch leaves to the next, when the file has changed. */
export interface Legacy {
  readonly unfinished: readonly Unfinished[];
  readonly counts: WatcherCounts;
  /** What a full disk did not take. */
  readonly states: ReadonlyMap<string, CheckState>;
  readonly unsaved: readonly Notification[];
  /** So that what was reported is not reported again. */
  readonly health: HistoryHealth;
}

/** Rejects with a RequestError for a receiver or a token that cannot be used. */
export async function prepareWatch(plan: WatchPlan, environment: NodeJS.ProcessEnv): Promise<PreparedWatch> {
  const programs = plan.receivers.flatMap((receiver) => (receiver.kind === "program" ? [receiver.command[0]] : []));
  const missing = programs.filter((program) => findProgram([program], environment) === null);
  return { plan, lines: await openLines(plan.receivers, environment), tokens: await openTokens(plan.heartbeats), missing };
}

const LOOK_EVERY_MS = 30_000;
const QUIET_MS = 60_000;
/** Of several watches one sends the heartbeat, and if it dies, another one does so within the next minute. */
const BEAT_HOLD_MS = BEAT_EVERY_MS - 5000;

interface Parts {
  readonly tokens: PreparedWatch["tokens"];
  readonly share: Share | null;
  readonly book: Book;
  readonly certificates: CertificateWatch;
  readonly sender: Sender;
  readonly health: HistoryHealth;
}

/** All that runs while a suite is watched. */
export class Watch {
  readonly book: Book;
  readonly certificates: CertificateWatch;
  readonly watcher: Watching;
  readonly health: HistoryHealth;
  readonly heartbeats: Heartbeats;
  readonly #share: Share | null;
  readonly #sender: Sender;
  readonly #objectives: Objectives;
  readonly #timer: NodeJS.Timeout;
  readonly #heartbeat: Heartbeat | null;
  readonly #saidAt = new Map<string, number>();

  /** Starts it, from where the history ends. */
  static async open(prepared: PreparedWatch, history: HistoryClient, options: WatchOptions, legacy: Legacy | null = null): Promise<Watch> {
    const { plan, lines, tokens, missing } = prepared;
    for (const program of missing) options.tell(`${program} of watch.notify is not installed: what it is to get waits until it is`);
    const health = legacy?.health ?? new HistoryHealth(options.tell);
    let open: Pick<Parts, "book" | "certificates"> | null = null;
    const openIncidents = (): IncidentEvent[] =>
      open === null ? [] : [...open.book.openIncidents(Date.now()), ...open.certificates.openIncidents(Date.now())];
    const share = options.queue === null ? null : await openShare(plan, options.queue);
    const onOutboxTrouble = (error: unknown): void => health.failed(error, 0);
    const sender = new Sender(lines, history, { onTrouble: options.tell, onOutboxTrouble, openIncidents, shared: share?.outbox ?? null });
    try {
      open = await openParts(plan, history, options, { sender, health, share });
      await endOthers(plan, history, options);
      history.keep(plan.keep);
      if (legacy !== null) {
        // With others, the log is read again from where the history ends.
        if (share === null) open.book.continueWith(legacy.states);
        sender.keepUnsaved(legacy.unsaved);
      }
      return new Watch({ ...open, tokens, sender, share, health }, options, legacy);
    } catch (error) {
      await sender.close();
      await share?.close();
      throw error;
    }
  }

  private constructor(
    { book, certificates, tokens, sender, share, health }: Parts,
    readonly options: WatchOptions,
    legacy: Legacy | null,
  ) {
    this.book = book;
    this.certificates = certificates;
    this.#sender = sender;
    this.#share = share;
    this.health = health;
    const submit = (report: HeartbeatReport): Promise<void> => (share === null ? this.heartbeats.apply(report) : submitted(share, report, book.epoch));
    this.heartbeats = new Heartbeats(book, tokens, { submit, onError: (error) => this.#failed(error) }, Date.now());
    const shared = share === null ? null : this.#sharedWatcher(share);
    this.#objectives = shared === null ? new Objectives(book) : new Objectives(book, (check, reason, now) => this.#burns(shared, check, reason, now));
    this.watcher = shared ?? this.#ownWatcher();
    this.#timer = setInterval(() => this.#later(this.#look(Date.now())), LOOK_EVERY_MS);
    this.watcher.start(legacy);
    this.heartbeats.start();
    const { heartbeat } = book.plan;
    const mayBeat = async (): Promise<boolean> => share === null || share.log.hold("heartbeat", share.outbox.holder, BEAT_HOLD_MS);
    this.#heartbeat = heartbeat === null ? null : new Heartbeat({ url: heartbeat, isAlive: (now) => this.watcher.isAlive(now), mayBeat, tell: options.tell });
  }

  /** Ends it; what was not recorded may run again in the next one. */
  async close(): Promise<Legacy> {
    clearInterval(this.#timer);
    this.#heartbeat?.close();
    this.heartbeats.stop();
    const unfinished = await this.watcher.stop();
    const unsaved = await this.#sender.close();
    await this.#share?.close();
    return { unfinished, counts: this.watcher.counts, states: this.book.states, unsaved, health: this.health };
  }

  #ownWatcher(): Watcher {
    const { most, run, onError } = this.options;
    return new Watcher(this.book, {
      most,
      run,
      onError,
      now: Date.now,
      onResult: (check, { outcome }, { report, reasons }) => {
        if (report === null) this.#sayOnce(`${check.name} could not be run: ${reasons.join("; ")}`);
        else this.certificates.seen(check, seenCertificates(report.envelope.output), Date.now());
        if (outcome === "error") this.#later(this.#objectives.failed(check, Date.now()));
      },
    });
  }

  #sharedWatcher({ log, queues, jobs }: Share): SharedWatcher {
    return new SharedWatcher(this.book, {
      log,
      queues,
      jobs,
      onError: this.options.onError,
      onTrouble: (error) => this.#sayOnce(`the queue cannot be used: ${(error as Error).message}`),
      onReport: this.options.onReport,
      onHeartbeat: (report) => this.heartbeats.apply(report),
      onCertificates: (check, certificates) => this.certificates.seen(check, certificates, Date.now()),
      onResult: (check, { outcome }) => {
        if (outcome === "error") this.#later(this.#objectives.failed(check, Date.now()));
      },
    });
  }

  /** The same words once in a while. */
  #sayOnce(message: string): void {
    const now = Date.now();
    for (const [said, at] of this.#saidAt) if (now - at >= QUIET_MS) this.#saidAt.delete(said);
    if (this.#saidAt.has(message)) return;
    this.#saidAt.set(message, now);
    this.options.tell(message);
  }

  /** Watches that share a suite begin and end such an incident at the same place of their log. */
  async #burns(watcher: SharedWatcher, check: WatchedCheck, reason: string | null, now: number): Promise<void> {
    if ((reason !== null) !== this.book.isBurning(check)) await watcher.judgeObjective(check.key, reason, now);
  }

  /** What time alone brings. */
  async #look(now: number): Promise<void> {
    await this.book.remind(now);
    this.certificates.look(now);
    await this.#objectives.look(now);
  }

  /** What cannot be done now is done half a minute later: a disk that is full must not end the watch. */
  #later(work: Promise<void>): void {
    work.catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    if (error instanceof HistoryLost) this.options.onError(error);
    else this.health.failed(error, 0);
  }
}

/** Every watch of the suite applies it, in the order of their log. */
function submitted({ log }: Share, report: HeartbeatReport, epoch: string | undefined): Promise<void> {
  return log.append([encode({ kind: "heartbeat", ...report, ...(epoch === undefined ? {} : { epoch }) })]);
}

/** What waits for a receiver that was removed would wait forever. */
async function endOthers({ suite, receivers }: WatchPlan, history: HistoryClient, { tell }: WatchOptions): Promise<void> {
  const keys = receivers.map(({ key }) => key);
  // A disk that is full takes it at the next start.
  const ended = await history.ask("endOthers", suite, keys, Date.now()).catch(() => 0);
  if (ended > 0) tell(`${counted(ended, "notification")} for receivers that the file no longer has will not be sent`);
}

async function openParts(
  plan: WatchPlan,
  history: HistoryClient,
  { tell, onError }: WatchOptions,
  { sender, health, share }: Pick<Parts, "sender" | "health" | "share">,
): Promise<Pick<Parts, "book" | "certificates">> {
  const changed = (message: string): void => {
    tell(message);
    sender.wake();
  };
  const onTrouble = (error: unknown, unsaved: readonly Notification[], results = 0): void => {
    sender.keepUnsaved(unsaved);
    health.failed(error, results);
  };
  const onChange: BookOptions["onChange"] = ({ name }, { kind, at, incident }, reason) =>
    changed(`${new Date(at).toISOString()} ${name}: ${kind} (incident ${incident})${reason === null ? "" : `: ${reason}`}`);
  const places = share === null ? plan.locations : [...share.queues.keys()];
  const book = await Book.open(plan, history, { onChange, onTrouble, onStored: () => health.written(), places }, Date.now());
  const certificateOptions = { onChange: (name: string, reason: string) => changed(`${name}: ${reason}`), onTrouble, onError };
  const certificates = await CertificateWatch.open(plan, history, certificateOptions, Date.now());
  return { book, certificates };
}
