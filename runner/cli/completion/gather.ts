import { builtInNames } from "../../harness/registry.js";
import type { Options } from "../arguments.js";
import type { Command, Commands, Completes, Subcommand } from "../command.js";

/** Everything that a completion script knows. */
export interface Completion {
  readonly commands: readonly CompletedCommand[];
  readonly probes: readonly string[];
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** For each position after the command's name; the last one holds for all further words. */
  readonly words: readonly Completes[];
  readonly subcommands: readonly Omit<CompletedCommand, "subcommands">[];
}

export interface CompletedOption {
  readonly name: string;
  readonly short: string | null;
  readonly description: string;
  /** Null: it takes no value. */
  readonly value: Completes | null;
  /** The value only follows `=`. */
  readonly optional: boolean;
}

export async function gather(all: Commands): Promise<Completion> {
  const commands = await Promise.all(Object.entries(all).map(async ([name, { summary, load }]) => completed(name, summary, (await load()).default)));
  return { commands, probes: builtInNames() };
}

function completed(name: string, summary: string, command: Command): CompletedCommand {
  const { options, subcommands = {}, words, completes } = command;
  return {
    name,
    summary,
    options: optionsOf(options),
    words: wordsOf(words.most, completes),
    subcommands: Object.entries(subcommands).map(([own, subcommand]) => nested(own, subcommand, options)),
  };
}

function nested(name: string, { summary, words, completes, options: taken }: Subcommand, options: Options): Omit<CompletedCommand, "subcommands"> {
  const own = Object.fromEntries(Object.entries(options).filter(([option]) => taken.includes(option)));
  return { name, summary, options: optionsOf(own), words: wordsOf(words.most, completes) };
}

function wordsOf(most: number, completes: readonly Completes[] | undefined): readonly Completes[] {
  return most === 0 ? ["nothing"] : (completes ?? ["file"]);
}

function optionsOf(options: Options): CompletedOption[] {
  const own = Object.entries(options).map(([name, { description, short = null, value, optional = false, choices, suggests }]) => ({
    name,
    short,
    description,
    value: value === undefined ? null : (choices ?? suggests ?? kindOf(value)),
    optional,
  }));
  return [...own, { name: "help", short: null, description: "Print help.", value: null, optional: false }];
}

/** The help calls a value that is a path FILE, DIR or PATH. */
function kindOf(value: string): Completes {
  return ["FILE", "DIR", "PATH"].includes(value) ? "file" : "nothing";
}
