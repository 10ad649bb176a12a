import type { Completes } from "../command.js";
import type { CompletedCommand, CompletedOption, Completion } from "./gather.js";

type Level = Pick<CompletedCommand, "options" | "words">;

/** One line for each word and option, with the condition under which it is offered. */
export function fish({ commands, probes }: Completion): string {
  const names = commands.map(({ name }) => name);
  const run = commands.find(({ name }) => name === "run") as CompletedCommand;
  return [
    "# fish completion for probe-run",
    `set -l probes ${probes.join(" ")}`,
    "complete -c probe-run -f",
    ...commands.map(({ name, summary }) => line(FIRST, `-a ${name} -d ${quoted(summary)}`)),
    line(FIRST, '-a "$probes" -d probe'),
    ...commands.flatMap(linesOf),
    // Without a command, the first word is a probe and the rest belongs to run.
    ...levelLines(`not ${FIRST}; and not ${seen(names)}`, { ...run, words: ["file"] }),
    "",
  ].join("\n");
}

const FIRST = "test (count (commandline -opc)) -eq 1";

function linesOf(command: CompletedCommand): string[] {
  const { name, subcommands } = command;
  const names = subcommands.map((own) => own.name);
  const within = (own: string): string => `${seen([name])}; and ${seen([own])}`;
  if (names.length === 0) return levelLines(seen([name]), command);
  const open = `${seen([name])}; and not ${seen(names)}`;
  return [
    ...subcommands.map((own) => line(open, `-a ${own.name} -d ${quoted(own.summary)}`)),
    ...command.options.map((option) => line(open, optionText(option))),
    ...subcommands.flatMap((own) => levelLines(within(own.name), own)),
  ];
}

function levelLines(condition: string, { options, words }: Level): string[] {
  return [...words.flatMap((each) => wordLine(condition, each)), ...options.map((option) => line(condition, optionText(option)))];
}

function wordLine(condition: string, words: Completes): string[] {
  if (words === "nothing") return [];
  if (words === "file") return [line(condition, "-F")];
  if (words === "probe") return [line(`${condition}; and not __fish_seen_subcommand_from $probes`, '-a "$probes" -d probe')];
  return [line(`${condition}; and not ${seen(words)}`, `-a ${quoted(words.join(" "))}`)];
}

function optionText({ name, short, description, value, optional }: CompletedOption): string {
  const names = short === null ? `-l ${name}` : `-l ${name} -s ${short}`;
  return `${names}${valueText(value, optional)} -d ${quoted(description)}`;
}

/** -x: it needs a value, which is no file; -r: which may be one. An optional value is offered after "=" only. */
function valueText(value: Completes | null, optional: boolean): string {
  if (value === null) return "";
  if (typeof value !== "string") return `${optional ? " -f" : " -x"} -a ${quoted(value.join(" "))}`;
  return optional ? "" : value === "file" ? " -r -F" : " -x";
}

function seen(words: readonly string[]): string {
  return `__fish_seen_subcommand_from ${words.join(" ")}`;
}

function line(condition: string, text: string): string {
  return `complete -c probe-run -n ${condition.includes("$probes") ? `"${condition}"` : quoted(condition)} ${text}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
