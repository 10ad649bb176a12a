import type { Arguments, Options } from "./arguments.js";
import type { Io } from "./io.js";

/** A command: its help and its function. The default export of its file. */
export interface Command {
  /** The usage after the command's name: `<probe>[@version] [input.json | -]`. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  /** Further text for --help. */
  readonly details?: string;
  readonly options: Options;
  /** Working command lines without `probe-run`, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** The number of words besides options; with subcommands, those after the subcommand's name are counted in its own entry. */
  readonly words: WordCount;
  /** Its first word is one of these. */
  readonly subcommands?: Readonly<Record<string, Subcommand>>;
  /** What a shell completes for its words, by position; files if omitted. */
  readonly completes?: readonly Completes[];
  readonly run: (given: Arguments<never>, io: Io, commands: Commands) => Promise<number>;
}

interface WordCount {
  readonly least: number;
  readonly most: number;
}

/** What a word can be, for completion. A list holds the words themselves. */
export type Completes = "probe" | "file" | "nothing" | readonly string[];

/** `purge` of `queue purge`: its part of the help, and what it takes. */
export interface Subcommand {
  /** The usage after its name: `<address …>`. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  /** The number of words after its name. */
  readonly words: WordCount;
  /** The names of those options of the command that it takes. */
  readonly options: readonly string[];
  /** What a shell completes for the words after its name; files if omitted. */
  readonly completes?: readonly Completes[];
}

/** The table of all commands by name, passed as an argument: a command that imported it would import every other command. */
export type Commands = Readonly<Record<string, CommandEntry>>;

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ default: Command }>;
}

export function defineCommand<const Table extends Options>(
  command: Omit<Command, "options" | "run" | "subcommands"> & {
    readonly options: Table;
    readonly subcommands?: Readonly<Record<string, Omit<Subcommand, "options"> & { readonly options: readonly (keyof Table)[] }>>;
    readonly run: (given: Arguments<Table>, io: Io, commands: Commands) => Promise<number>;
  },
): Command {
  return command as unknown as Command;
}
