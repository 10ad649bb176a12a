import type { Report } from "../harness/run.js";
import { labelledOperations } from "./operation-labels.js";
import type { Renderer, Setting } from "./renderer.js";
import { findingsOf, oneLine, type RunResult, reasonOf } from "./run-result.js";

/** Monitoring Plugins Development Guidelines, "Plugin Return Codes". */
const STATES = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;
type State = (typeof STATES)[number];
/** UNKNOWN is worse than OK and better than WARNING: a run that could not be made must not hide a target that failed. */
const BY_WEIGHT: readonly State[] = ["OK", "UNKNOWN", "WARNING", "CRITICAL"];

/** What a scheduler reads of a plugin, in bytes; the rest of the output is dropped. */
const MOST_BYTES = 4096;
const MOST_TEXT = 400;
const MOST_LONG_LINES = 10;

/** The first line is for people, with the performance data behind a `|`; findings follow as long text. A list is one service: its worst run counts. */
export function nagios({ isList }: Pick<Setting, "isList">): Renderer {
  const results: { state: State; title: string }[] = [];
  let only: RunResult | null = null;
  const exitCode = (): number => STATES.indexOf(worstOf(results.map(({ state }) => state)));
  return {
    present(result, index) {
      results[index] = { state: stateOf(result), title: summaryOf(result) };
      only = result;
      return "";
    },
    item: (text) => text,
    end: () => (isList || only === null ? listOutput(results) : runOutput(only)),
    exitCode,
  };
}

/** For a request that was refused, or that could not run. */
export function nagiosUnknown(message: string): { text: string; code: number } {
  return { text: `PROBE-RUN UNKNOWN - ${escaped(message)}\n`, code: STATES.indexOf("UNKNOWN") };
}

function stateOf({ report }: RunResult): State {
  if (report === null || report.carried.failure?.code === "cancelled") return "UNKNOWN";
  return ({ ok: "OK", warning: "WARNING", error: "CRITICAL" } as const)[report.carried.status];
}

function worstOf(states: readonly State[]): State {
  return states.reduce((worst, state) => (BY_WEIGHT.indexOf(state) > BY_WEIGHT.indexOf(worst) ? state : worst), "OK");
}

function runOutput(result: RunResult): string {
  const text = `${result.probe.toUpperCase()} ${stateOf(result)} - ${summaryOf(result)}`;
  const data = result.report === null ? [] : performanceData(result.report);
  const long = result.report === null ? [] : findingsOf(result.report).map(({ severity, reason, message }) => escaped(`${severity}: ${reason}: ${message}`));
  return fitted(text, data, long);
}

function listOutput(results: readonly { state: State; title: string }[]): string {
  const states = results.map(({ state }) => state);
  const count = (state: State): number => states.filter((each) => each === state).length;
  const text = `PROBE-RUN ${worstOf(states)} - ${count("OK")} of ${results.length} ok`;
  const data = STATES.map((state) => `'${state.toLowerCase()}'=${count(state)};;;0;${results.length}`);
  const bad = results.filter(({ state }) => state !== "OK").map(({ state, title }) => `${state}: ${title}`);
  return fitted(text, data, bad);
}

/** Performance data is taken whole or not at all: half an item would be an error in all of it. */
function fitted(text: string, data: readonly string[], long: readonly string[]): string {
  const first = `${text}${data.length === 0 ? "" : " |"}`;
  let left = MOST_BYTES - Buffer.byteLength(first) - 2;
  const fits = (piece: string): boolean => {
    left -= Buffer.byteLength(piece) + 1;
    return left > 0;
  };
  const kept = takeWhile(data, fits);
  const lines = takeWhile(long.slice(0, MOST_LONG_LINES), fits);
  return `${[[first, ...kept].join(" "), ...lines].join("\n")}\n`;
}

function takeWhile(pieces: readonly string[], fits: (piece: string) => boolean): string[] {
  const end = pieces.findIndex((piece) => !fits(piece));
  return end < 0 ? [...pieces] : pieces.slice(0, end);
}

function summaryOf(result: RunResult): string {
  const what = result.target === null ? "" : `${result.target}: `;
  const time = result.report === null ? "" : ` in ${result.report.carried.duration_ms.toFixed(1)} ms`;
  const reason = reasonOf(result);
  return escaped(`${what}${reason === "" ? "ok" : reason}${time}`);
}

/** `'label'=value[UOM];[warn];[crit];[min];[max]`. U: the value is not known. */
function performanceData({ carried }: Report): string[] {
  const steps = labelledOperations(carried.operations).map(([label, { duration_ms }]) => [label, duration_ms] as const);
  return ([["time", carried.duration_ms], ...steps] as const).map(
    ([label, milliseconds]) => `'${labelText(label)}'=${milliseconds === null ? "U" : `${seconds(milliseconds)}s`};;;0`,
  );
}

/** A value is digits, a point and a sign: no exponent. */
function seconds(milliseconds: number): string {
  return String(Number((milliseconds / 1000).toFixed(6)));
}

/** A label holds neither `=` nor `|`, and its quotes are doubled. */
function labelText(label: string): string {
  return oneLine(label).replace(/[=|]/g, "_").replaceAll("'", "''").slice(0, 120);
}

/** The performance data begins at the first `|`. */
function escaped(text: string): string {
  const line = oneLine(text).replaceAll("|", "\\x7c");
  return line.length > MOST_TEXT ? `${line.slice(0, MOST_TEXT - 1)}…` : line;
}
