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
  /** The number of words besides options. */
  readonly words: { readonly least: number; readonly most: number };
  readonly run: (given: Arguments<never>, io: Io, commands: Commands) => Promise<number>;
}

/** The table of all commands by name, passed as an argument: a command that imported it would import every other command. */
export type Commands = Readonly<Record<string, CommandEntry>>;

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ default: Command }>;
}

export function defineCommand<const Table extends Options>(
  command: Omit<Command, "options" | "run"> & {
    readonly options: Table;
    readonly run: (given: Arguments<Table>, io: Io, commands: Commands) => Promise<number>;
  },
): Command {
  return command as unknown as Command;
}
