import type { Verdict } from "../../../schemas/check.js";
import type { OutputOf } from "../../harness/probe-types.js";
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
/** More changes at once are not made anyway. */
const MAX_CHANGES = 3;

/** The report card of a domain, for a terminal: a line a question, a line a check that does not pass, and the changes that matter most. */
export function cardOf(posture: Posture, look: CardLook): string {
  const { style } = look;
  const { domain, questions, duration_ms: duration, profile } = posture;
  const head = `${style.bold(printableLine(domain))}   ${style.dim(`${profile} · ${counted(questions, "question")}, ${(duration / 1000).toFixed(1)} s`)}`;
  const sections = [[head], answerLines(posture, look), checkLines(posture, look), differenceLines(look), changeLines(posture, look), closing(posture, look)];
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

function changeLines({ changes }: Posture, { style, width }: CardLook): string[] {
  const shown = changes.slice(0, MAX_CHANGES);
  const lines = shown.flatMap((change, index) => {
    const label = index === 0 ? "First: " : "Then:  ";
    const record = change.new === null ? `remove ${change.name} ${change.type}` : `${change.name}. ${change.type} ${JSON.stringify(change.new)}`;
    const notes = [change.wait_for === null ? null : `after ${change.wait_for}`, change.risk].filter((each) => each !== null);
    return [
      ...wrapped(printableLine(record), Math.max(30, width - 9), 0).map((each, line) => `  ${line === 0 ? style.bold(label) : "       "}${each}`),
      ...notes.flatMap((note) => wrapped(printableLine(note), Math.max(30, width - 9), 0).map((each) => `         ${style.dim(each)}`)),
    ];
  });
  const rest = changes.length - shown.length;
  return rest > 0 ? [...lines, `  ${style.dim(`and ${counted(rest, "more change")} (--json, --html)`)}`] : lines;
}

function closing({ failure }: Posture, { style }: CardLook): string[] {
  return failure === null ? [] : [`  ${style.red("nothing could be examined")}: ${printableLine(failure.message)}`];
}
