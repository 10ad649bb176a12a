import { type ParseArgsConfig, parseArgs } from "node:util";
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

type OptionToken = { readonly kind: "option"; readonly name: string; readonly rawName: string; readonly value: string | undefined };
type Token = OptionToken | { readonly kind: "positional"; readonly value: string } | { readonly kind: "option-terminator" };

/** Parses `--name`, `--name value`, `--name=value`, `-n value`, words, and `--`, after which everything is a word. Errors suggest options of `own`. */
export function parseArguments(argv: readonly string[], table: Options, own: readonly string[] = Object.keys(table)): Arguments<never> {
  const values: Record<string, Value> = {};
  for (const [name, option] of Object.entries(table)) values[name] = option.value === undefined ? false : option.repeated ? [] : null;
  const words: string[] = [];
  const parsed = parseArgs({ args: [...argv], options: forNode(table), strict: false, allowPositionals: true, tokens: true });
  const tokens = parsed.tokens as readonly Token[];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as Token;
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const next = tokens[index + 1];
    const follows = token.value === undefined && next?.kind === "positional" && optionOf(token, table, own).looksLike?.test(next.value) === true;
    assign(values, optionOf(token, table, own), token, follows ? next.value : token.value);
    if (follows) index += 1;
  }
  return { words, options: values } as unknown as Arguments<never>;
}

/** An optional value is not known to node:util: there such an option is a switch. */
function forNode(table: Options): NonNullable<ParseArgsConfig["options"]> {
  const entries = Object.entries(table).map(([name, { value, optional, short, repeated = false }]) => {
    const type = value === undefined || optional === true ? ("boolean" as const) : ("string" as const);
    return [name, { type, multiple: repeated, ...(short === undefined ? {} : { short }) }] as const;
  });
  return Object.fromEntries(entries);
}

function assign(values: Record<string, Value>, option: Option, { name }: OptionToken, written: string | undefined): void {
  if (option.value === undefined) {
    if (written !== undefined) throw new UsageError(`--${name} does not take a value`);
    values[name] = true;
    return;
  }
  const given = written ?? (option.optional ? "" : undefined);
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

function optionOf({ name, rawName }: OptionToken, table: Options, own: readonly string[]): Option {
  const option = Object.hasOwn(table, name) ? table[name] : undefined;
  if (option !== undefined) return option;
  const names = [...own, "help"];
  const near = nearest(name, names, 1)[0];
  throw new UsageError(
    `there is no option ${rawName}`,
    near === undefined ? `the options are: ${names.map((each) => `--${each}`).join(", ")}` : `did you mean --${near}?`,
  );
}

/** A whole number given as an option; `of` is its unit. */
export function wholeNumber(name: string, written: string | null, least: number, most: number, of: string | null = null): number | null {
  if (written === null) return null;
  const number = /^\d{1,9}$/.test(written) ? Number(written) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} must be a whole number${of === null ? "" : ` of ${of}`} from ${least} to ${most}, not ${JSON.stringify(written)}`);
}

/** Seconds given as an option, `0.5` too, in milliseconds. */
export function secondsOf(name: string, written: string | null): number | null {
  if (written === null) return null;
  if (/^\d{1,6}(\.\d{1,3})?$/.test(written)) return Math.round(Number(written) * 1000);
  throw new UsageError(`--${name} must be a number of seconds, not ${JSON.stringify(written)}`);
}
