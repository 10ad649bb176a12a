import { wrapped } from "../support/wrap-text.js";
import type { Option, Options } from "./arguments.js";
import type { Command, Subcommand } from "./command.js";
import { COMMANDS } from "./commands.js";
import { usageOf } from "./subcommand.js";

/** Width of the help, also in a pipe. */
const WIDTH = 100;

/** What `probe-run --help` prints. */
export function overview(): string {
  return lines(
    "probe-run runs a network probe once and prints what it found as JSON.",
    "",
    "Usage:",
    "  probe-run <probe>[@version] <target | input.json | ->",
    "  probe-run <command> [words] [options]",
    "",
    "Commands:",
    ...aligned(Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary])),
    "",
    "Examples:",
    "  probe-run network.smtp mx.example.org:587",
    "  probe-run network.smtp --lab --pretty",
    '  echo \'{"target_host": "mx.example.org"}\' | probe-run network.smtp -',
    "",
    "Exit codes:",
    ...aligned([
      ["0", "ran, and the target is fine (ok or warning)"],
      ["1", "ran, and the target failed"],
      ["2", "the request was wrong: nothing was sent"],
      ["3", "could not run: a bug, a missing tool, a missing permission"],
      ["130", "interrupted with Ctrl-C (143: with SIGTERM): what was learned is printed"],
    ]),
    "",
    "`probe-run <command> --help` prints more about a command. `probe-run --version` prints the version.",
  );
}

export function helpOf(name: string, command: Command): string {
  return lines(
    ...wrapped(command.summary, WIDTH, 0),
    ...(command.details === undefined ? [] : ["", ...command.details.split("\n").flatMap((line) => wrapped(line, WIDTH, 0))]),
    "",
    "Usage:",
    `  probe-run ${name === "run" ? "" : `${name} `}${command.usage}`,
    ...subcommandsOf(name, command),
    "",
    "Options:",
    ...optionRows(command.options),
    "",
    "Examples:",
    ...exampleRows(command.examples),
  );
}

/** What `probe-run queue purge --help` prints: only what concerns the subcommand. */
export function helpOfSubcommand(command: string, { subcommands = {}, options, examples }: Command, name: string): string {
  const subcommand = subcommands[name] as Subcommand;
  const own = examples.filter(([line]) => line.startsWith(`${command} ${name} `) || line === `${command} ${name}`);
  return lines(
    ...wrapped(subcommand.summary, WIDTH, 0),
    "",
    "Usage:",
    `  ${usageOf(command, name, subcommand)} [options]`,
    "",
    "Options:",
    ...optionRows(Object.fromEntries(Object.entries(options).filter(([option]) => subcommand.options.includes(option)))),
    "",
    "Examples:",
    ...exampleRows(own),
  );
}

function subcommandsOf(command: string, { subcommands }: Command): string[] {
  if (subcommands === undefined) return [];
  const rows = Object.entries(subcommands).map(([name, { usage, summary }]): [string, string] => [`${name} ${usage}`.trim(), summary]);
  return ["", "Subcommands:", ...aligned(rows), "", `\`probe-run ${command} <subcommand> --help\` prints the options and examples of one.`];
}

function optionRows(options: Options): string[] {
  const rows = Object.entries(options).map(([option, entry]): [string, string] => [signature(option, entry), entry.description]);
  return aligned([...rows, ["--help", "Print this."]]);
}

function exampleRows(examples: Command["examples"]): string[] {
  return examples.flatMap(([line, what]) => [`  probe-run ${line}`, `      ${what}`]);
}

function signature(name: string, { value, optional, short }: Option): string {
  const names = `${short === undefined ? "" : `-${short}, `}--${name}`;
  if (value === undefined) return names;
  return optional ? `${names}[=${value}]` : `${names} ${value}`;
}

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) => {
    const [first = "", ...more] = wrapped(right, WIDTH - width - 4, 0);
    return [`  ${left.padEnd(width)}  ${first}`, ...more.map((line) => `${" ".repeat(width + 4)}${line}`)];
  });
}

function lines(...all: string[]): string {
  return `${all.join("\n")}\n`;
}
