import type { Arguments, Options } from "./arguments.js";
import type { Io } from "./io.js";

/** One command: what it says of itself, and what it does. Its file default-exports it. */
export interface Command {
  /** What stands behind the command's name: `<probe>[@version] [input.json | -]`. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  /** More, for --help only. */
  readonly details?: string;
  readonly options: Options;
  /** Command lines that work, without the leading `probe-run `, and what each does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** How many words it takes beside its options. */
  readonly words: { readonly least: number; readonly most: number };
  readonly run: (given: Arguments<never>, io: Io, commands: Commands) => Promise<number>;
}

/** The table of all commands by name. A command gets it as an argument: importing it would import every command that imports it. */
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
