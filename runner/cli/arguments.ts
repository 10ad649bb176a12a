import { nearest } from "../support/did-you-mean.js";
import { UsageError } from "./usage-error.js";

/**
 * An option without `value` is a switch. `optional`: the value may be omitted; otherwise it follows `=`, or is the next word if it looks like a
 * value.
 */
export interface Option {
  readonly description: string;
  readonly value?: string;
  readonly optional?: true;
  /** Distinguishes an optional value from a word that follows the option. */
  readonly looksLike?: RegExp;
  readonly repeated?: true;
  /** A one-letter alias: `-t`. */
  readonly short?: string;
  /** The allowed values. */
  readonly choices?: readonly string[];
  /** Values that a shell completes; others are allowed, too. */
  readonly suggests?: readonly string[];
}

export type Options = Readonly<Record<string, Option>>;

type ValueOf<O> = O extends { value: string; repeated: true } ? string[] : O extends { value: string } ? string | null : boolean;

/** The parsed arguments of a command. An option that was not given is false, null or an empty list. */
export interface Arguments<Table> {
  readonly words: readonly string[];
  readonly options: { readonly [Name in keyof Table]: ValueOf<Table[Name]> };
}

type Value = string | null | boolean | string[];

/** Parses `--name`, `--name value`, `--name=value`, words, and `--`, after which everything is a word. */
export function parseArguments(argv: readonly string[], table: Options): Arguments<never> {
  const values: Record<string, Value> = {};
  for (const [name, option] of Object.entries(table)) values[name] = option.value === undefined ? false : option.repeated ? [] : null;
  const words: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const written = inFull(argv[index] as string, table);
    if (written === "--") {
      words.push(...argv.slice(index + 1));
      break;
    }
    if (written === "-" || !written.startsWith("-")) words.push(written);
    else if (takesNext(written, argv[index + 1], table)) assign(values, table, written, argv[++index]);
    else assign(values, table, written, undefined);
  }
  return { words, options: values } as unknown as Arguments<never>;
}

function inFull(written: string, table: Options): string {
  const name = Object.keys(table).find((each) => written === `-${table[each]?.short}`);
  return name === undefined ? written : `--${name}`;
}

function takesNext(written: string, next: string | undefined, table: Options): boolean {
  const { value, optional, looksLike } = optionOf(written, table);
  if (value === undefined || written.includes("=")) return false;
  return optional !== true || (next !== undefined && looksLike?.test(next) === true);
}

function assign(values: Record<string, Value>, table: Options, written: string, next: string | undefined): void {
  const { name, value } = split(written);
  const option = optionOf(written, table);
  if (option.value === undefined) {
    if (value !== undefined) throw new UsageError(`--${name} does not take a value`);
    values[name] = true;
    return;
  }
  const given = value ?? next ?? (option.optional ? "" : undefined);
  if (given !== undefined && option.choices !== undefined && !option.choices.includes(given)) throw notAChoice(name, given, option.choices);
  if (given === undefined) throw new UsageError(`--${name} needs a value: --${name} ${option.value}`);
  if (!option.repeated) {
    if (values[name] !== null) throw new UsageError(`--${name} was given twice`);
    values[name] = given;
  } else (values[name] as string[]).push(given);
}

function notAChoice(name: string, given: string, choices: readonly string[]): UsageError {
  const near = nearest(given, choices, 1)[0];
  const hint = near === undefined ? `use one of ${choices.join(", ")}` : `did you mean ${near}?`;
  return new UsageError(`--${name} does not take ${JSON.stringify(given)}`, hint);
}

function split(written: string): { name: string; value: string | undefined } {
  const [, name = written, value] = /^--?([^=]*)(?:=(.*))?$/s.exec(written) ?? [];
  return { name, value };
}

function optionOf(written: string, table: Options): Option {
  const { name } = split(written);
  const option = written.startsWith("--") && Object.hasOwn(table, name) ? table[name] : undefined;
  if (option !== undefined) return option;
  const names = [...Object.keys(table), "help"];
  const near = nearest(name, names, 1)[0];
  const shown = written.startsWith("--") ? `--${name}` : written;
  throw new UsageError(
    `there is no option ${shown}`,
    near === undefined ? `the options are: ${names.map((each) => `--${each}`).join(", ")}` : `did you mean --${near}?`,
  );
}

/** A whole number given as an option. */
export function wholeNumber(name: string, written: string | null, least: number, most: number): number | null {
  if (written === null) return null;
  const number = /^\d{1,9}$/.test(written) ? Number(written) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(written)}`);
}

/** Seconds given as an option, `0.5` too, in milliseconds. */
export function secondsOf(name: string, written: string | null): number | null {
  if (written === null) return null;
  if (/^\d{1,6}(\.\d{1,3})?$/.test(written)) return Math.round(Number(written) * 1000);
  throw new UsageError(`--${name} must be a number of seconds, not ${JSON.stringify(written)}`);
}
