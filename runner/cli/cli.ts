import { reasonText } from "../support/request-error.js";
import { type Arguments, parseArguments } from "./arguments.js";
import type { Command } from "./command.js";
import { COMMANDS, type CommandName, isCommand } from "./commands.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { reportError } from "./report-error.js";
import { assertSubcommand, subcommandIn, unknownSubcommand } from "./subcommand.js";
import { missingArgument, UsageError } from "./usage-error.js";

/** Runs one command line and returns its exit code. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    const code = reportError(error, io);
    return asksForNagios(argv) ? tellNagios(error, io) : code;
  }
}

/** Also of a command line that cannot be read: a scheduler takes our exit code 2 for a failed target. */
function asksForNagios(argv: readonly string[]): boolean {
  return argv.some((word, index) => word === "--format=nagios" || (word === "--format" && argv[index + 1] === "nagios"));
}

async function tellNagios(error: unknown, io: Io): Promise<number> {
  const { nagiosUnknown } = await import("../formats/nagios.js");
  // A scheduler shows this line, and not what stderr says.
  const { text, code } = nagiosUnknown(reasonText(error));
  await io.out(text);
  return code;
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === "help" || isHelp(first)) return generalHelp(argv, io);
  if (first === "--version" || first === "-v") return printVersion(io);
  const called = await calledBy(argv);
  const words = beforeDashes(called.rest);
  if (words.some(isHelp)) return commandHelp(called.name, called.command, words, io);
  return called.command.run(parseCall(called), io, COMMANDS);
}

interface Call {
  readonly name: CommandName;
  readonly command: Command;
  /** The words after the command's name. */
  readonly rest: readonly string[];
}

/** The command that a command line calls: `run` may be left out. */
export async function calledBy(argv: readonly string[]): Promise<Call> {
  const [first = ""] = argv;
  const name: CommandName = isCommand(first) ? first : "run";
  const { default: command } = (await COMMANDS[name].load()) as { default: Command };
  return { name, command, rest: isCommand(first) ? argv.slice(1) : argv };
}

export function parseCall({ name, command, rest }: Call): Arguments<never> {
  const subcommand = subcommandIn(command, rest);
  const own = subcommand === null ? undefined : command.subcommands?.[subcommand]?.options;
  const given = parseArguments(rest, command.options, own);
  if (command.subcommands === undefined) checkWords(name, command, given.words);
  else assertSubcommand(name, command, given);
  return given;
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

function beforeDashes(words: readonly string[]): readonly string[] {
  const dashes = words.indexOf("--");
  return dashes < 0 ? words : words.slice(0, dashes);
}

function checkWords(name: string, { words, usage }: Command, given: readonly string[]): void {
  if (given.length < words.least) throw missingArgument(usage, given.length, `probe-run ${name} ${usage}`);
  const extra = given[words.most];
  if (extra !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(extra)}`, `usage: probe-run ${name} ${usage}`);
}

/** Requested help goes to stdout; otherwise it explains a missing argument. */
async function generalHelp(argv: readonly string[], io: Io): Promise<number> {
  const topic = argv[0] === "help" ? argv[1] : undefined;
  if (topic !== undefined && isCommand(topic)) return commandHelp(topic, ((await COMMANDS[topic].load()) as { default: Command }).default, argv.slice(2), io);
  const { overview } = await import("./help.js");
  if (argv.length === 0) {
    io.err(overview());
    return EXIT.badRequest;
  }
  await io.out(overview());
  return EXIT.ok;
}

/** Of a subcommand if `words` name one. */
async function commandHelp(name: CommandName, command: Command, words: readonly string[], io: Io): Promise<number> {
  const { helpOf, helpOfSubcommand } = await import("./help.js");
  const subcommand = subcommandIn(command, words);
  const [first = "-"] = words;
  if (command.subcommands !== undefined && subcommand === null && !first.startsWith("-")) throw unknownSubcommand(first, command.subcommands);
  await io.out(subcommand === null ? helpOf(name, command) : helpOfSubcommand(name, command, subcommand));
  return EXIT.ok;
}

async function printVersion(io: Io): Promise<number> {
  const { packageVersion } = await import("../support/package-root.js");
  await io.out(`${packageVersion()}\n`);
  return EXIT.ok;
}
