import { type CertificateViewers, certificatesOf, type StoredCertificate, setCertificate } from "./certificates.js";
import { dayCounts, recentIncidents } from "./days.js";
import type { Entry, History, StateChange } from "./history.js";
import { logPosition, setLogPosition } from "./log-position.js";
import { firstMeasured, measuredByHour, measuredResults } from "./measured.js";
import { incidentsOfCheck, newestEvidence, resultsBefore } from "./of-check.js";
import { encoded as encodedHistograms, merged } from "./operation-times.js";
import type { Batching, Notification, WaitingBatch } from "./outbox.js";
import { durationsSince, operationsSince } from "./rollup.js";

type Handler = (history: History, ...given: never[]) => unknown;

/** Of these, any number may share a transaction. */
const WRITING = {
  add: (history: History, entry: Entry, now: number) => history.add(entry, now),
  change: (history: History, change: StateChange, now: number) => history.change(change, now),
  takeBack: (history: History, check: number, state: string, since: number, slotMs: number) => history.takeBack(check, state, since, slotMs),
  rename: (history: History, suite: string, checks: readonly { readonly key: string; readonly nameKey: string }[]) => history.rename(suite, checks),
  forget: (history: History, check: number) => history.forget(check),
  notify: ({ outbox }: History, notifications: readonly Notification[], now: number) => outbox.add(notifications, now),
  postpone: ({ outbox }: History, batch: WaitingBatch, due: number) => outbox.postpone(batch, due),
  end: ({ outbox }: History, batch: WaitingBatch, now: number) => outbox.end(batch, now),
  endOthers: ({ outbox }: History, suite: string, receivers: readonly string[], now: number) => outbox.endOthers(suite, receivers, now),
  setCertificate: (
    history: History,
    suite: string,
    certificate: StoredCertificate,
    viewers: CertificateViewers,
    notifications: readonly Notification[],
    now: number,
  ) => setCertificate(history, suite, certificate, viewers, notifications, now),
  setLogPosition: ({ driver }: History, suite: string, position: string) => setLogPosition(driver, suite, position),
} satisfies Record<string, Handler>;

/** What can be asked of a history. What is given and answered can be sent between threads. */
const REQUESTS = {
  ...WRITING,
  checks: (history: History, suite: string, wanted: readonly { readonly key: string; readonly name: string }[], firstState: string) =>
    history.checks(suite, wanted, firstState),
  batch: ({ outbox }: History, receiver: string, batching: Batching, now: number) => outbox.batch(receiver, batching, now),
  waiting: ({ outbox }: History) => outbox.waiting(),
  certificates: (history: History, suite: string) => certificatesOf(history, suite),
  logPosition: ({ driver }: History, suite: string) => logPosition(driver, suite),
  firstMeasured: ({ driver }: History, check: number) => firstMeasured(driver, check),
  measuredByHour: ({ driver }: History, check: number, since: number) => measuredByHour(driver, check, since),
  measuredResults: ({ driver }: History, check: number, since: number, slotMs: number) => measuredResults(driver, check, since, slotMs),
  dayCounts: ({ driver }: History, checks: readonly number[], since: number) => dayCounts(driver, checks, since),
  recentIncidents: ({ driver }: History, suite: string, most: number) => recentIncidents(driver, suite, most),
  incidentsOfCheck: ({ driver }: History, check: number, most: number) => incidentsOfCheck(driver, check, most),
  newestEvidence: ({ driver }: History, check: number) => newestEvidence(driver, check),
  resultsBefore: ({ driver }: History, check: number, before: number, most: number) => resultsBefore(driver, check, before, most),
  /** A LogHistogram, encoded. */
  durationsSince: ({ driver }: History, check: number, since: number) => durationsSince(driver, check, since).encode(),
  /** The same by operation. */
  operationsSince: ({ driver, times }: History, check: number, since: number) =>
    encodedHistograms(merged([operationsSince(driver, check, since), times.of(check)])),
} satisfies Record<string, Handler>;

export type RequestName = keyof typeof REQUESTS;
export type GivenTo<Name extends RequestName> = Parameters<(typeof REQUESTS)[Name]> extends [History, ...infer Given] ? Given : never;
export type AnswerOf<Name extends RequestName> = ReturnType<(typeof REQUESTS)[Name]>;

export function isWriting(name: RequestName): boolean {
  return name in WRITING;
}

export function answer<Name extends RequestName>(history: History, name: Name, given: GivenTo<Name>): AnswerOf<Name> {
  const handler = REQUESTS[name] as (history: History, ...given: unknown[]) => AnswerOf<Name>;
  return handler(history, ...(given as unknown[]));
}
