import { compareIds } from "../queue/shared-log.js";

/** What became of one slot of a check. Only the first three are measured; the others count neither way. */
export type Outcome = "ok" | "warning" | "error" | "unknown" | "suppressed" | "maintenance";

export interface Rules {
  /** An incident opens when this many of the last `of` measured results failed, including the newest. */
  readonly fireAfter: { readonly failures: number; readonly of: number };
  /** It closes after this many measured successes in a row. */
  readonly clearAfter: number;
  /** An incident opens, too, when the check could not be run for this time. Undefined: never. */
  readonly unknownAfterMs?: number;
}

export interface Incident {
  /** Counts the incidents of a check. */
  readonly number: number;
  /** The moment of the result that opened it: milliseconds since 1970. */
  readonly opened_at: number;
  readonly is_flapping: boolean;
  /** It was reported as an error: one that opened as flapping is, too, when the check fails for long enough. */
  readonly is_error?: true;
  /** It opened because the check could not be run. */
  readonly is_unknown?: true;
  /** Of a location: it reports nothing. */
  readonly is_silent?: true;
  /** Counts what was reported of it. */
  readonly transitions: number;
}

/** All that the next result needs to know of the ones before it. It is stored with them. */
export interface CheckState {
  /** The moment of the newest result that was applied; null before the first. */
  readonly last_at: number | null;
  /** With others: the place in their log from which on last_at counts. A moment of a later epoch is newer, so the clock can be set back. */
  readonly epoch?: string;
  readonly outcome: Outcome;
  /** Measured results, F for a failure and O for another, the newest last. */
  readonly recent: string;
  /** The same since the last incident closed. */
  readonly window: string;
  readonly incident: Incident | null;
  readonly incidents: number;
  /** The newest result within maintenance failed: what still fails after it opens an incident at once. */
  readonly fails_in_maintenance?: true;
  /** Since then the check could not be run; absent if it was run. */
  readonly unknown_since?: number;
}

export interface Change {
  readonly kind: "error" | "flapping" | "unknown" | "recovered";
  readonly incident: number;
  /** Within the incident: with its number, this names the change for every receiver. */
  readonly transition: number;
  readonly at: number;
  readonly opened_at: number;
}

export const FIRST_STATE: CheckState = { last_at: null, outcome: "unknown", recent: "", window: "", incident: null, incidents: 0 };

/** More changes than this, within a number of results, are flapping: one incident stays open until as many results were quiet. */
export const FLAPPING = { changes: 4, of: 20 } as const;
const AT_ONCE = { failures: 1, of: 1 } as const;
/** The longest window that rules may ask for. */
const MOST_WINDOW = 100;

/** A moment, and the epoch in which it counts. */
export interface Moment {
  readonly at: number;
  readonly epoch?: string;
}

/** A state, and what is reported of it. */
interface Applied {
  readonly state: CheckState;
  readonly change: Change | null;
}

export interface AppliedResult extends Moment {
  readonly outcome: Outcome;
  /** Within maintenance: it failed. */
  readonly hasFailed?: boolean;
  /** Of an unknown one: it could not be run, and nothing else explains that. */
  readonly isUnexplained?: boolean;
  /** The time for which it stands. */
  readonly weightMs?: number;
  /** Of a location: it reports nothing. */
  readonly isSilent?: boolean;
}

/** The state after one more result. A result that is not newer than the last one changes nothing: what was reported stays. */
export function applied(state: CheckState, result: AppliedResult, rules: Rules): Applied {
  if (!isNewer(result, state)) return { state, change: null };
  const { fails_in_maintenance: failedBefore, ...rest } = state;
  const seen = { ...rest, last_at: result.at, outcome: result.outcome, ...(result.epoch === undefined ? {} : { epoch: result.epoch }) };
  if (result.outcome === "maintenance") return { state: result.hasFailed === true ? { ...seen, fails_in_maintenance: true } : seen, change: null };
  if (result.outcome === "unknown" || result.outcome === "suppressed")
    return notMeasured(failedBefore === true ? { ...seen, fails_in_maintenance: failedBefore } : seen, result, rules);
  const { unknown_since: _, ...run } = seen;
  const mark = result.outcome === "error" ? "F" : "O";
  const measured = { ...run, recent: `${state.recent}${mark}`.slice(-FLAPPING.of), window: `${state.window}${mark}`.slice(-MOST_WINDOW) };
  const firing = failedBefore === true ? { ...rules, fireAfter: AT_ONCE } : rules;
  return measured.incident === null ? closed(measured, result, firing) : open(measured, measured.incident, result.at, rules);
}

/** The moment comes after the newest result. */
export function isNewer({ at, epoch }: Moment, state: Pick<CheckState, "last_at" | "epoch">): boolean {
  const order = compareEpochs(epoch, state.epoch);
  return order > 0 || (order === 0 && (state.last_at === null || at > state.last_at));
}

/** Negative: a is the earlier one. Before the first place of a log there is one without a name. */
export function compareEpochs(a: string | undefined, b: string | undefined): number {
  return a === b ? 0 : compareIds(a ?? "", b ?? "");
}

/** The clock was set back: what comes next is newer than what was seen in its old future. */
export function upToNow(state: CheckState, now: number): CheckState {
  if (state.last_at === null || state.last_at <= now) return state;
  return { ...state, last_at: now };
}

/** The failures since the last success turned out to be another's: nothing is known of their slots. An incident that was reported stays. */
export function withoutLastFailures(state: CheckState): CheckState {
  if (state.incident !== null || state.outcome !== "error") return state;
  return { ...state, outcome: "unknown", recent: upToLastSuccess(state.recent), window: upToLastSuccess(state.window) };
}

function upToLastSuccess(marks: string): string {
  return marks.slice(0, marks.lastIndexOf("O") + 1);
}

/** How many of the newest measured results are failures in a row. */
export function lastFailures({ recent }: CheckState): number {
  return recent.length - (recent.lastIndexOf("O") + 1);
}

/** What is not known counts neither way, but if it stays so, someone must hear of it. */
function notMeasured(state: CheckState, { at, outcome, isUnexplained, weightMs = 0 }: AppliedResult, { unknownAfterMs }: Rules): Applied {
  const { unknown_since: before, ...run } = state;
  if (outcome === "suppressed") return { state: run, change: null };
  if (isUnexplained !== true) return { state, change: null };
  const since = before ?? at - weightMs;
  const seen = { ...state, unknown_since: since };
  if (state.incident !== null || unknownAfterMs === undefined || at - since < unknownAfterMs) return { state: seen, change: null };
  const number = state.incidents + 1;
  const incident: Incident = { number, opened_at: at, is_flapping: false, is_unknown: true, transitions: 1 };
  return { state: { ...seen, incident, incidents: number }, change: { kind: "unknown", incident: number, transition: 1, at, opened_at: at } };
}

function closed(state: CheckState, { at, isSilent }: AppliedResult, { fireAfter }: Rules): Applied {
  const isFlapping = changesIn(state.recent) > FLAPPING.changes;
  if (state.window.endsWith("O") || (!isFlapping && !hasFired(state, fireAfter))) return { state, change: null };
  const number = state.incidents + 1;
  const opened: Incident = { number, opened_at: at, is_flapping: isFlapping, transitions: 1, ...(isFlapping ? {} : { is_error: true }) };
  const incident: Incident = isSilent === true ? { ...opened, is_silent: true } : opened;
  return {
    state: { ...state, incident, incidents: number },
    change: { kind: isFlapping ? "flapping" : "error", incident: number, transition: 1, at, opened_at: at },
  };
}

function open(state: CheckState, incident: Incident, at: number, { fireAfter, clearAfter }: Rules): Applied {
  const transition = incident.transitions + 1;
  const change = { incident: incident.number, transition, at, opened_at: incident.opened_at };
  const needed = incident.is_flapping ? FLAPPING.of : clearAfter;
  if (quiet(state.window) >= needed) return { state: { ...state, incident: null, window: "" }, change: { kind: "recovered", ...change } };
  // It opened as flapping or unknown, and now it is down.
  if (kindOf(incident) !== "error" && state.window.endsWith("F") && hasFired(state, fireAfter))
    return { state: { ...state, incident: { ...incident, is_error: true, transitions: transition } }, change: { kind: "error", ...change } };
  if (incident.is_flapping || changesIn(state.recent) <= FLAPPING.changes) return { state, change: null };
  return { state: { ...state, incident: { ...incident, is_flapping: true, transitions: transition } }, change: { kind: "flapping", ...change } };
}

/** What its receivers know of it. */
export function kindOf({ is_error: isError, is_flapping: isFlapping, is_unknown: isUnknown }: Incident): Exclude<Change["kind"], "recovered"> {
  if (isError === true) return "error";
  return isFlapping ? "flapping" : isUnknown === true ? "unknown" : "error";
}

function hasFired({ window }: CheckState, { failures, of }: Rules["fireAfter"]): boolean {
  return count(window.slice(-of), "F") >= failures;
}

/** How often neighbours differ. */
function changesIn(marks: string): number {
  return [...marks].filter((mark, index) => index > 0 && mark !== marks[index - 1]).length;
}

/** Successes at the end. */
function quiet(marks: string): number {
  return marks.length - (marks.lastIndexOf("F") + 1);
}

function count(marks: string, wanted: string): number {
  return [...marks].filter((mark) => mark === wanted).length;
}
