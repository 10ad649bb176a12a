import { nearest } from "../support/did-you-mean.js";
import type { Arguments } from "./arguments.js";
import type { Command, Subcommand } from "./command.js";
import { missingArgument, UsageError } from "./usage-error.js";

/** The first of these words that is a subcommand's name; null without one. */
export function subcommandIn({ subcommands = {} }: Command, words: readonly string[]): string | null {
  return words.find((word) => Object.hasOwn(subcommands, word)) ?? null;
}

/** The first word must be a subcommand, which takes the words after it and every given option. */
export function assertSubcommand(command: string, { subcommands = {} }: Command, { words, options }: Arguments<Readonly<Record<string, never>>>): void {
  const names = Object.keys(subcommands);
  const [name, ...rest] = words;
  if (name === undefined) throw new UsageError("missing argument: a subcommand", `usage: probe-run ${command} <${names.join(" | ")}>`);
  if (!Object.hasOwn(subcommands, name)) throw unknownSubcommand(name, subcommands);
  const subcommand = subcommands[name] as Subcommand;
  const line = usageOf(command, name, subcommand);
  if (rest.length < subcommand.words.least) throw missingArgument(subcommand.usage, rest.length, line);
  const extra = rest[subcommand.words.most];
  if (extra !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(extra)}`, `usage: ${line}`);
  assertOptions(`${command} ${name}`, subcommand, options);
}

export function unknownSubcommand(name: string, subcommands: NonNullable<Command["subcommands"]>): UsageError {
  const names = Object.keys(subcommands);
  const near = nearest(name, names, 1)[0];
  const all = names.length === 1 ? `the only one is ${names[0]}` : `use one of ${names.join(", ")}`;
  return new UsageError(`unknown subcommand ${JSON.stringify(name)}`, near === undefined ? all : `did you mean ${near}?`);
}

export function usageOf(command: string, name: string, { usage }: Subcommand): string {
  return `probe-run ${command} ${name}${usage === "" ? "" : ` ${usage}`}`;
}

function assertOptions(called: string, { options: taken }: Subcommand, given: Readonly<Record<string, unknown>>): void {
  const other = Object.entries(given).find(([option, value]) => isGiven(value) && !taken.includes(option))?.[0];
  if (other === undefined) return;
  throw new UsageError(`${called} does not take --${other}`, `its options are: ${[...taken, "help"].map((option) => `--${option}`).join(", ")}`);
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== false;
}
