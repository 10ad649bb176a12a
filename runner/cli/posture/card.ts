import type { Verdict } from "../../../schemas/check.js";
import type { OutputOf } from "../../harness/probe-types.js";
import { type Step, stepsOf } from "../../posture/changes.js";
import { counted } from "../../support/counted.js";
import { printableLine } from "../../support/printable.js";
import type { Style } from "../../support/style.js";
import { wrapped } from "../../support/wrap-text.js";
import type { Difference } from "./since.js";

export type Posture = OutputOf<"mail.posture@1.0.0">;

export interface CardLook {
  readonly style: Style;
  readonly width: number;
  /** Checks that pass, too. */
  readonly showAll: boolean;
  /** What has changed since an earlier run; null without one. */
  readonly differences: readonly Difference[] | null;
}

export const QUESTIONS = {
  spoofing: "Can others send in your name?",
  arrival: "Will your mail arrive?",
  receiving: "Can mail to you be read or lost?",
} as const;

export const SYMBOLS: Readonly<Record<Verdict, string>> = { error: "✘", warning: "▲", unknown: "?", notice: "·", pass: "✔", not_applicable: "-" };
const ORDER: readonly Verdict[] = ["error", "warning", "unknown", "notice", "pass"];
/** More steps at once are not taken anyway; but each error has its own. */
const USUAL_STEPS = 3;
const MAX_STEPS = 8;

/** The report card of a domain, for a terminal: a line a question, a line a check that does not pass, and the steps that matter most. */
export function cardOf(posture: Posture, look: CardLook): string {
  const { style } = look;
  const { domain, questions, duration_ms: duration, profile } = posture;
  const head = `${style.bold(printableLine(domain))}   ${style.dim(`${profile} · ${counted(questions, "question")}, ${(duration / 1000).toFixed(1)} s`)}`;
  const sections = [[head], answerLines(posture, look), checkLines(posture, look), differenceLines(look), stepLines(posture, look), closing(posture, look)];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function answerLines({ answers }: Posture, { style, width }: CardLook): string[] {
  const colours = { protected: style.green, partly: style.yellow, open: style.red, unknown: style.blue };
  return answers.flatMap(({ area, answer, message, unknown, checks }) => {
    const rest = unknown > 0 && answer !== "unknown" ? `; ${unknown} of ${counted(checks, "check")} unknown` : "";
    const [first = "", ...more] = wrapped(printableLine(`${message}${rest}`), Math.max(30, width - 47), 0);
    const line = `  ${QUESTIONS[area].padEnd(33)} ${colours[answer](answer.toUpperCase().padEnd(10))} ${first}`;
    return [line, ...more.map((each) => `${" ".repeat(47)}${each}`)];
  });
}

function checkLines({ checks }: Posture, { style, width, showAll }: CardLook): string[] {
  const colours: Readonly<Record<Verdict, (text: string) => string>> = {
    error: style.red,
    warning: style.yellow,
    unknown: style.blue,
    notice: style.dim,
    pass: style.green,
    not_applicable: style.dim,
  };
  const shown = ORDER.filter((verdict) => showAll || verdict !== "pass").flatMap((verdict) => checks.filter((each) => each.verdict === verdict));
  const room = Math.max(...shown.map(({ id }) => id.length), 0) + 2;
  return shown.flatMap(({ id, verdict, message, spec }) => {
    const text = printableLine(spec === null ? message : `${message} (${spec})`);
    const [first = "", ...more] = wrapped(text, Math.max(30, width - room - 4), 0);
    return [`  ${colours[verdict](SYMBOLS[verdict])} ${id.padEnd(room)}${first}`, ...more.map((each) => `${" ".repeat(room + 4)}${each}`)];
  });
}

function differenceLines({ differences, style, width }: CardLook): string[] {
  if (differences === null) return [];
  if (differences.length === 0) return [`  ${style.dim("Nothing has changed since then.")}`];
  const room = Math.max(...differences.map(({ id }) => id.length)) + 2;
  const lines = differences.flatMap(({ id, before, after, message }) => {
    const [first = "", ...more] = wrapped(printableLine(message), Math.max(30, width - room - 10), 0);
    const symbols = [before, after].map((verdict) => (verdict === null ? " " : SYMBOLS[verdict])).join(" → ");
    return [`  ${symbols}  ${printableLine(id).padEnd(room)}${first}`, ...more.map((each) => `${" ".repeat(room + 9)}${each}`)];
  });
  return [`  ${style.bold("Changed since then:")}`, ...lines];
}

/** The most urgent first: the record to publish, or what to do where no record can be derived. */
function stepLines({ checks }: Posture, { style, width }: CardLook): string[] {
  const steps = stepsOf(checks);
  const errors = steps.filter(({ verdict }) => verdict === "error").length;
  const shown = steps.slice(0, Math.max(USUAL_STEPS, Math.min(errors, MAX_STEPS)));
  const room = Math.max(30, width - 9);
  const lines = shown.flatMap((step, index) => {
    const label = index === 0 ? "First: " : "Then:  ";
    // Several records of one piece of advice have the same notes.
    const isContinued = step.record === null || (index > 0 && shown[index - 1]?.check === step.check && shown[index - 1]?.why === step.why);
    const notes = isContinued ? [] : [step.wait_for === null ? null : `after ${step.wait_for}`, step.risk];
    return [
      ...wrapped(printableLine(stepText(step)), room, 0).map((each, line) => `  ${line === 0 ? style.bold(label) : "       "}${each}`),
      ...notes.filter((note) => note !== null).flatMap((note) => wrapped(printableLine(note), room, 0).map((each) => `         ${style.dim(each)}`)),
    ];
  });
  const rest = steps.length - shown.length;
  return rest > 0 ? [...lines, `  ${style.dim(`and ${counted(rest, "more step")} (--json, --html)`)}`] : lines;
}

function stepText({ check, why, record }: Step): string {
  if (record === null) return `${check}: ${why}`;
  const owner = `${record.name}. ${record.type}`;
  // Records of mail hosts are lists of words, texts are strings.
  const shown = (text: string): string => (record.type === "TXT" ? JSON.stringify(text) : text);
  if (record.new === null) return record.old === null ? `remove ${owner}` : `remove ${owner} ${shown(record.old)}`;
  return `${owner} ${shown(record.new)}`;
}

function closing({ failure }: Posture, { style }: CardLook): string[] {
  return failure === null ? [] : [`  ${style.red("nothing could be examined")}: ${printableLine(failure.message)}`];
}
