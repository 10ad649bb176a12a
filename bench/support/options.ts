import { parseArgs } from "node:util";

export interface Options {
  /** Which benches, in the order of the list. */
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly explain: boolean;
  readonly json: string | null;
  /** Write the figures to docs/performance.md and bench/figures.json. */
  readonly page: boolean;
  readonly help: boolean;
}

/** A command line that is wrong. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
}

export function parseOptions(args: readonly string[], known: readonly string[]): Options {
  const { values, positionals } = parsed(args);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new OptionsError(`there is no bench ${unknown.join(", ")}; there are ${known.join(", ")}`);
  const names = positionals.length === 0 ? known : known.filter((name) => positionals.includes(name));
  const { quick = false, explain = false, json = null, page = false, help = false } = values;
  return { names, quick, explain, json, page, help };
}

function parsed(args: readonly string[]) {
  const options = {
    quick: { type: "boolean" },
    explain: { type: "boolean" },
    json: { type: "string" },
    page: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new OptionsError((error as Error).message);
  }
}
